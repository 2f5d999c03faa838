//! Certificates of files.

use std::io::{self, Write};

use portreeve_model::Unseen;
use portreeve_model::document::TlsFiles;
use portreeve_model::tls::{CertificateFile, FileHolds};

use super::certificates::{chain, key, subject, urgency};
use super::{findings, title};
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::table::{Column, Fit, Heading, Table};
use crate::render::text::{clean, shorten};
use crate::render::unseen;
use crate::render::view::View;

/// More certificates of a bundle of authorities than these are counted.
const FEW: usize = 8;

/// Prints the findings, then each file.
pub fn print(out: &mut dyn Write, document: &TlsFiles, view: &View) -> io::Result<()> {
    let files = &document.files;
    let asked = clean(&files.asked.join(", ")).into_owned();
    writeln!(out, "{}", view.palette.paint(Ink::Heading, shorten(&asked, view.prose_width())))?;
    let without = match files.without_certificate {
        0 => String::new(),
        count => format!(", {count} without"),
    };
    let found = match files.findings.len() {
        0 => "no findings".to_owned(),
        count => counted(count, "finding"),
    };
    let sum = format!("{} with certificates{without}; {found}", counted(files.files.len(), "file"));
    unseen::hanging(out, ["", "  "], &sum, view.prose_width(), str::to_owned)?;
    findings::print(out, &files.findings, view)?;
    for file in &files.files {
        title(out, &shorten(&clean(&file.path), view.prose_width()), view)?;
        facts(out, file, view)?;
        match file.holds {
            FileHolds::Chain => chain(out, &file.chain, view)?,
            FileHolds::Authorities => authorities(out, file, view)?,
        }
    }
    if files.unseen.iter().any(Unseen::is_incomplete) {
        title(out, "Not read", view)?;
        unseen::list(out, "", &files.unseen, view.prose_width(), view.palette)?;
    }
    Ok(())
}

fn facts(out: &mut dyn Write, file: &CertificateFile, view: &View) -> io::Result<()> {
    let mut facts = Vec::new();
    facts.extend(file.target.as_ref().map(|target| format!("a link to {target}")));
    facts.extend((!file.same.is_empty()).then(|| format!("the same as {}", file.same.join(", "))));
    facts.extend(
        (file.private_keys > 0)
            .then(|| format!("with {}", counted(file.private_keys as usize, "private key"))),
    );
    facts.extend(
        file.key_file.as_ref().filter(|key| **key != file.path).map(|key| format!("its key is in {key}")),
    );
    facts.into_iter().try_for_each(|fact| {
        unseen::hanging(out, ["  ", "    "], &fact, view.prose_width(), |line| {
            view.palette.paint(Ink::Faint, line).to_string()
        })
    })
}

fn authorities(out: &mut dyn Write, file: &CertificateFile, view: &View) -> io::Result<()> {
    let all = &file.chain.certificates;
    let mut table = Table::new(vec![
        Column::new("  AUTHORITY").gap(0).fit(Fit::Shorten(8)).rank(1),
        Column::new("KEY").fit(Fit::Shorten(6)),
        Column::new("UNTIL"),
        Column::new("LEFT").right(),
    ]);
    for certificate in all.iter().take(FEW) {
        table.cell(format_args!("  {}", subject(certificate)));
        table.cell(key(certificate));
        if let Some(validity) = &certificate.validity {
            let until = validity.not_after.to_zoned(view.zone.clone()).strftime("%Y-%m-%d").to_string();
            table.cell(until);
            table.inked(urgency(validity), format_args!("{} %", validity.remaining_percent));
        } else {
            table.cell("");
            table.cell("");
        }
    }
    table.print(out, view.width, view.palette, Heading::Shown)?;
    if all.len() > FEW {
        writeln!(out, "  {}", view.palette.paint(Ink::Faint, format_args!("and {} more", all.len() - FEW)))?;
    }
    Ok(())
}
