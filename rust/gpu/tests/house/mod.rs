//! Which file of a crate imports from which, read off its sources.
//!
//! A module is a file; a room is a file or folder directly under `src/`. Every path counts that
//! begins with `crate`, `super`, `self`, a child or a name brought in by `use`, in imports, in code
//! and in macros alike, and it is followed through re-exports to the file that has the item. Test
//! modules do not count. What a method call reaches without a path is not seen.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module by its path below the crate; the crate itself is empty.
type Module = Vec<String>;
/// The modules that each module imports from.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Longest chain of re-exports that is followed.
const MOST_HOPS: usize = 8;

/// A path as it stands in a module, and the name that it brings in there.
struct Mention {
    path: Vec<String>,
    name: Option<String>,
}

/// The modules of a crate and the paths in them.
#[derive(Default)]
pub struct House {
    files: BTreeSet<Module>,
    mentions: BTreeMap<Module, Vec<Mention>>,
}

fn shown(module: &[String]) -> String {
    if module.is_empty() {
        "lib".to_owned()
    } else {
        module.join("::")
    }
}

impl House {
    /// Read the sources of a crate.
    pub fn read(source: &Path) -> Self {
        let mut house = Self::default();
        house.add_folder(source, &[]);
        house
    }

    fn add_folder(&mut self, folder: &Path, module: &[String]) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().and_then(|s| s.to_str()).expect("a name");
            let child = [module, &[stem.to_owned()]].concat();
            if path.is_dir() {
                self.add_folder(&path, &child);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let is_root = matches!(stem, "lib" | "mod");
                let text = fs::read_to_string(&path).expect("a readable file");
                self.add_file(if is_root { module } else { &child }, &text);
            }
        }
    }

    /// Add the source of a module.
    pub fn add_file(&mut self, module: &[String], text: &str) {
        self.files.insert(module.to_vec());
        self.add_tokens(text.parse().expect("valid Rust"), module);
    }

    fn add_tokens(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        while let Some((token, after)) = rest.split_first() {
            rest = match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => after_attribute(after),
                TokenTree::Group(group) => {
                    self.add_tokens(group.stream(), module);
                    after
                }
                TokenTree::Ident(word) if word == "use" => {
                    let end = after.iter().position(|t| is_mark(t, ';'));
                    let (branches, after) = after.split_at(end.unwrap_or(after.len()));
                    self.add_use(branches, module, &[]);
                    after
                }
                TokenTree::Ident(word) if word == "mod" => self.add_inner_module(after, module),
                TokenTree::Ident(word) => {
                    let (path, after) = path_from(word.to_string(), after);
                    if path.len() > 1 {
                        self.add_mention(module, path, None);
                    }
                    after
                }
                _ => after,
            };
        }
    }

    /// A module that is written inside a file.
    fn add_inner_module<'t>(
        &mut self,
        tokens: &'t [TokenTree],
        module: &[String],
    ) -> &'t [TokenTree] {
        if let [TokenTree::Ident(name), TokenTree::Group(body), after @ ..] = tokens {
            let inner = [module, &[name.to_string()]].concat();
            self.add_tokens(body.stream(), &inner);
            return after;
        }
        tokens
    }

    /// The branches of a `use`, which share the path `before`.
    fn add_use(&mut self, tokens: &[TokenTree], module: &[String], before: &[String]) {
        for branch in tokens.split(|t| is_mark(t, ',')) {
            let mut path = before.to_vec();
            let mut name = None;
            let mut inner: Option<&Group> = None;
            let mut words = branch.iter();
            while let Some(token) = words.next() {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        name = words.next().map(ToString::to_string);
                    }
                    TokenTree::Ident(word) => path.push(word.to_string()),
                    TokenTree::Group(group) => inner = Some(group),
                    _ if is_mark(token, '*') => name = Some("*".to_owned()),
                    _ => {}
                }
            }
            if let Some(group) = inner {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                self.add_use(&branches, module, &path);
            } else if path.len() > before.len() || name.is_some() {
                if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = name.or_else(|| path.last().cloned());
                self.add_mention(module, path, name);
            }
        }
    }

    fn add_mention(&mut self, module: &[String], path: Vec<String>, name: Option<String>) {
        let mention = Mention { path, name };
        self.mentions
            .entry(module.to_vec())
            .or_default()
            .push(mention);
    }

    fn is_module(&self, module: &[String]) -> bool {
        self.files.contains(module) || self.mentions.contains_key(module)
    }

    /// The modules in which a path that stands in `module` may end; none outside the crate.
    fn ends(&self, module: &[String], path: &[String], hops: usize) -> Vec<Module> {
        let mut at = module.to_vec();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => (at, rest) = (Vec::new(), &rest[1..]),
            Some("self") => rest = &rest[1..],
            _ => {}
        }
        while let Some((next, after)) = rest.split_first() {
            let child = [&at[..], std::slice::from_ref(next)].concat();
            if next == "super" {
                at.pop();
            } else if self.is_module(&child) {
                at = child;
            } else {
                let ends = self.ends_of_name(&at, next, after, hops);
                if !ends.is_empty() {
                    return ends;
                }
                if rest.len() == path.len() {
                    return Vec::new();
                }
                break;
            }
            rest = after;
        }
        vec![at]
    }

    /// Where a name leads that a `use` brought into a module.
    fn ends_of_name(
        &self,
        module: &[String],
        name: &str,
        after: &[String],
        hops: usize,
    ) -> Vec<Module> {
        if hops == MOST_HOPS {
            return Vec::new();
        }
        let mentions = self.mentions.get(module).into_iter().flatten();
        mentions
            .filter(|m| m.name.as_deref() == Some(name) && m.path[..] != [name])
            .flat_map(|m| self.ends(module, &[&m.path[..], after].concat(), hops + 1))
            .collect()
    }

    /// The file a module is written in.
    fn file_of(&self, module: &[String]) -> Module {
        let mut file = module.to_vec();
        while !self.files.contains(&file) && !file.is_empty() {
            file.pop();
        }
        file
    }

    /// Which file imports from which.
    pub fn imports(&self) -> Imports {
        let mut imports: Imports = self
            .files
            .iter()
            .map(|file| (file.clone(), BTreeSet::new()))
            .collect();
        for (module, mentions) in &self.mentions {
            let file = self.file_of(module);
            let ends = mentions
                .iter()
                .flat_map(|m| self.ends(module, &m.path, 0))
                .map(|end| self.file_of(&end))
                .filter(|end| *end != file);
            imports.entry(file.clone()).or_default().extend(ends);
        }
        imports
    }

    /// What is wrong with the house: files that import each other in a ring, rooms that `order`, from
    /// the ground up, does not name, and imports against it. The face, `lib.rs`, may import from all
    /// and is imported from by none.
    pub fn faults(&self, order: &[&str]) -> Vec<String> {
        let imports = self.imports();
        let mut faults: Vec<String> = rings(&imports)
            .iter()
            .map(|ring| {
                let names: Vec<String> = ring.iter().map(|m| shown(m)).collect();
                format!("a ring: {}", names.join(", "))
            })
            .collect();
        let floor = |module: &[String]| order.iter().position(|room| *room == module[0]);
        let rooms: BTreeSet<&str> = self
            .files
            .iter()
            .filter_map(|m| m.first().map(String::as_str))
            .collect();
        for room in &rooms {
            if !order.contains(room) {
                faults.push(format!("{room} has no place in the order"));
            }
        }
        for room in order.iter().filter(|room| !rooms.contains(*room)) {
            faults.push(format!("there is no room {room}"));
        }
        for (from, ends) in &imports {
            for to in ends.iter().filter(|_| !from.is_empty()) {
                if to.is_empty() || floor(from) < floor(to) {
                    faults.push(format!("{} imports from {}", shown(from), shown(to)));
                }
            }
        }
        faults
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == mark)
}

/// The path that begins with a word, and what follows it.
fn path_from(first: String, mut rest: &[TokenTree]) -> (Vec<String>, &[TokenTree]) {
    let mut path = vec![first];
    while let [a, b, TokenTree::Ident(next), after @ ..] = rest {
        if !is_mark(a, ':') || !is_mark(b, ':') {
            break;
        }
        path.push(next.to_string());
        rest = after;
    }
    (path, rest)
}

/// What follows an attribute, and the item it is of if that is a test.
fn after_attribute(tokens: &[TokenTree]) -> &[TokenTree] {
    let inner = tokens.first().is_some_and(|t| is_mark(t, '!'));
    let Some((TokenTree::Group(attribute), after)) = tokens[usize::from(inner)..].split_first()
    else {
        return tokens;
    };
    if attribute.stream().to_string().replace(' ', "") == "cfg(test)" {
        let ends = |t: &TokenTree| {
            is_mark(t, ';') || matches!(t, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
        };
        let end = after.iter().position(ends).map_or(after.len(), |i| i + 1);
        return &after[end..];
    }
    after
}

/// All that a module imports from, at first or at second hand.
fn reach<'a>(imports: &'a Imports, start: &Module) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Module> = imports.get(start).into_iter().flatten().collect();
    while let Some(module) = open.pop() {
        if seen.insert(module) {
            open.extend(imports.get(module).into_iter().flatten());
        }
    }
    seen
}

/// Sets of modules that all reach each other.
fn rings(imports: &Imports) -> Vec<Vec<&Module>> {
    let mut rings: Vec<Vec<&Module>> = Vec::new();
    for module in imports.keys() {
        let seen = reach(imports, module);
        if seen.contains(module) && !rings.iter().any(|ring| ring.contains(&module)) {
            let back = seen
                .into_iter()
                .filter(|m| reach(imports, m).contains(module));
            rings.push(back.collect());
        }
    }
    rings
}
