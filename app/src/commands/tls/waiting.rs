//! What is said beside the results: how many hosts there are, how far the run is, why it ended early.

use std::io::{self, Write};

use crate::commands::Terminal;
use crate::engine::{TlsProgress, TlsQuery, TlsRun};
use crate::render::labels::counted;
use crate::render::style::{Ink, Palette};
use crate::render::text::{Clean, shorten};

/// Says how many hosts the networks stand for.
pub(super) fn announce(query: &TlsQuery, terminal: &mut Terminal<'_>) -> io::Result<()> {
    for target in query.targets.iter().filter(|target| target.is_network()) {
        let hosts = usize::try_from(target.hosts()).unwrap_or(usize::MAX);
        let addresses = if hosts == 1 { "1 address".to_owned() } else { format!("{hosts} addresses") };
        let note = terminal.notes_palette.paint(Ink::Faint, "note:");
        writeln!(terminal.notes, "{note} {} stands for {addresses}", Clean(&target.text))?;
    }
    Ok(())
}

/// Says that it ended early, and how it goes on.
pub(super) fn interrupted(
    out: &mut dyn Write,
    palette: Palette,
    query: &TlsQuery,
    run: &TlsRun,
) -> io::Result<()> {
    let note = palette.paint(Ink::Warn, "interrupted:");
    let hosts = counted(usize::try_from(run.hosts).unwrap_or(usize::MAX), "host");
    writeln!(out, "{note} {} of {hosts} done", run.done)?;
    let hint = palette.paint(Ink::Heading, "hint:");
    match &query.journal {
        Some(path) => {
            let path = path.display().to_string();
            writeln!(out, "{hint} the same command goes on from there: they are in {}", Clean(&path))
        }
        None if run.hosts > 1 => {
            writeln!(out, "{hint} with --resume FILE an interrupted run goes on where it ended")
        }
        None => Ok(()),
    }
}

/// `37 of 200 hosts, 8.2 a second: example.com:443, 192.0.2.7:443 and 14 more (4.5 s)`.
pub(super) fn line(progress: &TlsProgress, width: usize) -> String {
    let seconds = progress.elapsed.as_secs_f64();
    let shown: Vec<&str> = progress.now.iter().take(2).map(String::as_str).collect();
    let more = progress.now.len().saturating_sub(shown.len());
    let and = if more > 0 { format!(" and {more} more") } else { String::new() };
    let now = format!("{}{and}", Clean(&shown.join(", ")));
    let text = if progress.hosts > 1 {
        let fresh = progress.done.saturating_sub(progress.before);
        #[expect(clippy::cast_precision_loss, reason = "a rate is shown with one digit behind the point")]
        let rate = if seconds > 0.0 { fresh as f64 / seconds } else { 0.0 };
        let hosts = counted(usize::try_from(progress.hosts).unwrap_or(usize::MAX), "host");
        format!("{} of {hosts}, {rate:.1} a second: {now} ({seconds:.1} s)", progress.done)
    } else {
        format!("auditing {now} ({seconds:.1} s)")
    };
    shorten(&text, width).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{TlsProgress, line};

    #[test]
    fn a_line_tells_how_far_it_is_and_fits() {
        let progress = TlsProgress {
            hosts: 200,
            done: 37,
            before: 17,
            now: ["a.example:443", "b.example:443", "c", "d"].map(str::to_owned).to_vec(),
            elapsed: Duration::from_millis(2500),
        };
        assert_eq!(
            line(&progress, 100),
            "37 of 200 hosts, 8.0 a second: a.example:443, b.example:443 and 2 more (2.5 s)"
        );
        assert_eq!(line(&progress, 30).chars().count(), 30);
        let one = TlsProgress { hosts: 1, now: vec!["a\u{1b}[2J".to_owned()], ..TlsProgress::default() };
        assert_eq!(line(&one, 80), "auditing a\\x1b[2J (0.0 s)");
    }
}
