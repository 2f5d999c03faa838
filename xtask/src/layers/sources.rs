//! Finds the word `unsafe` in the sources of every crate but the one that may hold it.
//!
//! Works on the compiler's own notion of tokens, so that comments, strings and the lint's name `unsafe_code` never
//! count, and code inside macro definitions does. A file that is no Rust is an error, not a file without `unsafe`.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, anyhow};
use proc_macro2::{TokenStream, TokenTree};

use super::metadata::Workspace;
use super::rules::UNSAFE_HOME;

/// One message per `unsafe` outside its home; the fuzzing crate, which is no workspace member, is looked at too.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let fuzz = workspace.root.join("fuzz");
    let outside = workspace.members.iter().filter(|member| member.name != UNSAFE_HOME);
    let mut folders: Vec<(&str, PathBuf)> =
        outside.map(|member| (member.name.as_str(), member.folder.clone())).collect();
    if fuzz.is_dir() {
        folders.push(("the fuzzing crate", fuzz));
    }

    let mut problems = Vec::new();
    for (name, folder) in folders {
        for file in rust_files(&folder)? {
            let text =
                fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let lines = unsafe_lines(&text).with_context(|| format!("cannot check {}", file.display()))?;
            let shown = file.strip_prefix(&workspace.root).unwrap_or(&file);
            problems.extend(lines.into_iter().map(|line| {
                format!(
                    "`unsafe` in {name}: {}:{line}\n  \
                     rule: `unsafe` stands in `{UNSAFE_HOME}` only\n  \
                     remedy: put a safe function over it into `{UNSAFE_HOME}` and call that",
                    shown.display()
                )
            }));
        }
    }
    Ok(problems)
}

/// Every `.rs` file below `folder`, sorted; build output and nested packages with a `target` folder are left out.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let listing = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in listing {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "target" {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The lines (from 1) on which the keyword stands in `source`.
fn unsafe_lines(source: &str) -> Result<Vec<usize>> {
    // A leading `#!/usr/bin/env` line is not part of the token grammar; `#![...]` is.
    let body = match source.strip_prefix("#!") {
        Some(rest) if !rest.trim_start().starts_with('[') => {
            rest.split_once('\n').map_or("", |(_, body)| body)
        }
        _ => source,
    };
    let skipped = source.lines().count() - body.lines().count();
    let tokens = TokenStream::from_str(body)
        .map_err(|error| anyhow!("not Rust: {error} at line {}", error.span().start().line + skipped))?;
    let mut lines = Vec::new();
    let mut open = vec![tokens.into_iter()];
    while let Some(stream) = open.last_mut() {
        match stream.next() {
            None => {
                open.pop();
            }
            Some(TokenTree::Group(group)) => open.push(group.stream().into_iter()),
            Some(TokenTree::Ident(ident)) if ident == "unsafe" => {
                lines.push(ident.span().start().line + skipped);
            }
            Some(_) => {}
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_functions_impls_attributes_and_macro_bodies_count() {
        let source = "fn a() {\n unsafe { b() }\n}\nunsafe fn c() {}\nunsafe impl Send for D {}\n\
                      #[unsafe(no_mangle)]\nfn e() {}\nmacro_rules! f { () => { unsafe { g() } } }\n";
        assert_eq!(unsafe_lines(source).unwrap(), [2, 4, 5, 6, 8]);
    }

    #[test]
    fn comments_strings_and_lint_names_do_not() {
        let source = "//! unsafe\n#![forbid(unsafe_code)]\n/* unsafe /* unsafe */ unsafe */\n/// unsafe\n\
                      const A: &str = \"unsafe { }\";\nconst B: &str = r#\"unsafe \" \"#;\nconst C: &[u8] = b\"unsafe\";\n\
                      fn d<'a>(x: &'a str) -> char { let _ = x; '\"' } // unsafe\n";
        assert_eq!(unsafe_lines(source).unwrap(), [0usize; 0]);
    }

    #[test]
    fn text_that_is_no_rust_is_an_error() {
        assert!(unsafe_lines("fn a( {").is_err());
    }

    #[test]
    fn a_script_line_shifts_no_line_numbers() {
        assert_eq!(unsafe_lines("#!/usr/bin/env cargo\nfn a() { unsafe {} }\n").unwrap(), [2]);
    }
}
