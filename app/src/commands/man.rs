//! `portreeve man`: the manual pages, made from the definition of the command line.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Terminal;
use crate::cli::{Arguments, ManArguments};
use crate::error::CommandError;
use crate::exit::Exit;

pub(super) fn run(arguments: &ManArguments, terminal: &mut Terminal<'_>) -> Result<Exit, CommandError> {
    let pages = pages()?;
    match &arguments.dir {
        Some(directory) => write(directory, &pages)?,
        None => {
            if let Some((_, page)) = pages.first() {
                terminal.out.write_all(page)?;
            }
        }
    }
    Ok(Exit::Clean)
}

fn write(directory: &Path, pages: &[(String, Vec<u8>)]) -> Result<(), CommandError> {
    let failed = |path: &Path, error: io::Error| {
        CommandError::internal(format!("cannot write {}", path.display()), error)
    };
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    for (name, page) in pages {
        let path = directory.join(name);
        fs::write(&path, page).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

/// File name and content of every page in section 1, that of the whole program first.
pub fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = Arguments::command();
    root.build();
    let mut pages = Vec::new();
    add("portreeve", root, &mut pages)?;
    Ok(pages)
}

/// The page of a command, then those of the commands below it.
fn add(name: &str, command: Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    // What `help` has below it are the commands once more.
    let is_help = command.get_name() == "help";
    let below: Vec<Command> = command.get_subcommands().filter(|_| !is_help).cloned().collect();
    pages.push(page(name, command)?);
    for command in below {
        add(&format!("{name}-{}", command.get_name()), command, pages)?;
    }
    Ok(())
}

fn page(name: &str, command: Command) -> io::Result<(String, Vec<u8>)> {
    let mut text = Vec::new();
    // No date: the page of a version is the same whenever it is made.
    Man::new(command.display_name(name)).title(name).date("").render(&mut text)?;
    Ok((format!("{name}.1"), text))
}
