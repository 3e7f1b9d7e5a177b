//! Mappings in huge pages.

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use std::alloc::Layout;
use std::ffi::c_void;
use std::ptr::null_mut;

/// Blocks of at least this size have a mapping of their own [bytes]: a huge page. It is given back at
/// once, where the system's allocator may keep it.
const LARGE: usize = 2 << 20;
/// Size and alignment of a huge page [bytes].
const HUGE: usize = 2 << 20;
/// What a mapping's size is a multiple of [bytes]: the largest page of any system.
const PAGE: usize = 1 << 16;

/// Whether blocks of this layout are mapped here.
pub fn is_for(layout: Layout) -> bool {
    layout.size() >= LARGE && layout.align() <= HUGE
}

/// Zeros, at a multiple of [`HUGE`]; null where there is no memory.
pub fn map(size: usize) -> *mut u8 {
    let size = size.next_multiple_of(PAGE);
    let Some(most) = size.checked_add(HUGE) else {
        return null_mut();
    };
    #[expect(unsafe_code, reason = "new memory, which nobody else knows")]
    // SAFETY: a mapping of its own; what is cut off lies in it, outside the block.
    unsafe {
        let flags = ProtFlags::READ | ProtFlags::WRITE;
        let Ok(start) = mmap_anonymous(null_mut(), most, flags, MapFlags::PRIVATE) else {
            return null_mut();
        };
        let before = start.addr().next_multiple_of(HUGE) - start.addr();
        let block = start.add(before);
        cut(start, before);
        cut(block.add(size), HUGE - before);
        // Where the advice is not taken, pages are small.
        let _ = madvise(block, size, Advice::LinuxHugepage);
        block.cast()
    }
}

/// Give a block of [`map`] back.
pub fn unmap(block: *mut u8, size: usize) {
    #[expect(unsafe_code, reason = "the block is a mapping")]
    // SAFETY: it was mapped with this size, and its owner gives it up.
    unsafe {
        cut(block.cast(), size.next_multiple_of(PAGE));
    }
}

/// Unmap a range, which may be empty. It cannot fail for whole pages of a mapping, but for too many
/// mappings; then it stays.
#[expect(unsafe_code, reason = "unmapping")]
unsafe fn cut(start: *mut c_void, size: usize) {
    if size > 0 {
        // SAFETY: the caller's.
        let _ = unsafe { munmap(start, size) };
    }
}
