//! A table with one line a host and a summary, or one host's verdict on a screen.

mod single;

use std::io;

use imker_posture::{Assessment, CveVerdict, Observation};
use jiff::SignedDuration;

use super::words::{self, look};
use super::{NotAsked, ScanEnd, ScanHead, ScanWriter, Summary, Verdicts};
use crate::terminal::line::{Line, Role, columns, fit};
use crate::terminal::{Page, Style};

pub use single::Single;

/// Entries of a list in the summary; the JSON holds all.
const LISTED: usize = 10;

/// Writes hosts as lines of a table, each as it comes, and a summary below them.
pub struct Table<W: io::Write> {
    out: W,
    style: Style,
    layout: Layout,
}

/// Where columns begin.
#[derive(Clone, Copy)]
struct Layout {
    target: usize,
    release: usize,
    build: usize,
    front_end: Option<usize>,
    reason: Option<usize>,
}

impl Layout {
    fn of(width: usize) -> Self {
        let target = 15;
        let release = target + 2 + (width / 4).clamp(20, 40);
        let build = release + 28;
        let front_end = (width >= 110).then_some(build + 16);
        let reason = front_end.map_or(build + 16, |front_end| front_end + 17);
        Self {
            target,
            release,
            build,
            front_end,
            reason: (reason + 16 <= width).then_some(reason),
        }
    }
}

impl<W: io::Write> Table<W> {
    /// Writes the head.
    pub fn new(head: &ScanHead, style: &Style, mut out: W) -> io::Result<Self> {
        let style = *style;
        let mut page = Page::new(&style, &mut out);
        let layout = Layout::of(page.width);
        title(&mut page, head)?;
        let say = |id| page.texts.say(id);
        let mut line = Line::indented(2)
            .then(Role::Dim, &say("column-scan-verdict"))
            .tab(layout.target)
            .then(Role::Dim, &say("column-scan-target"))
            .tab(layout.release)
            .then(Role::Dim, &say("column-scan-release"))
            .tab(layout.build)
            .then(Role::Dim, &say("column-scan-build"));
        if let Some(column) = layout.front_end {
            line = line.tab(column).then(Role::Dim, &say("column-scan-front-end"));
        }
        if let Some(column) = layout.reason {
            line = line.tab(column).then(Role::Dim, &say("column-scan-reason"));
        }
        page.line(line)?;
        Ok(Self { out, style, layout })
    }
}

impl<W: io::Write> ScanWriter for Table<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let layout = self.layout;
        let mut page = Page::new(&self.style, &mut self.out);
        let (mark, role) = look(assessment.verdict);
        let verdict = words::verdict(&page.texts, assessment.verdict);
        let line = Line::new()
            .then(role, &format!("{mark} {}", fit(&verdict, layout.target - 3)))
            .tab(layout.target)
            .then(
                Role::Strong,
                &fit(&observation.target, layout.release - layout.target - 1),
            );
        let reason = page.texts.reason(&assessment.reason);
        let Some(worst) = assessment.front_ends.first() else {
            return page.line(line.tab(layout.release).then(Role::Dim, &reason));
        };
        let release = worst
            .release
            .clone()
            .unwrap_or_else(|| page.texts.say("scan-build-unknown"));
        let build = worst.build.map(|build| build.to_string()).unwrap_or_default();
        let mut line = line
            .tab(layout.release)
            .then(Role::Plain, &fit(&release, layout.build - layout.release - 1))
            .tab(layout.build)
            .then(Role::Plain, &build);
        if let Some(column) = layout.front_end {
            let name = worst.name.as_deref().unwrap_or("-");
            let more = assessment.front_ends.len() - 1;
            let name = if more > 0 {
                format!("{} +{more}", fit(name, 11))
            } else {
                fit(name, 15)
            };
            line = line.tab(column).then(Role::Plain, &name);
        }
        if let Some(column) = layout.reason {
            line = line.tab(column).then(Role::Dim, &reason);
        }
        page.line(line)
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        let mut page = Page::new(&self.style, &mut self.out);
        summary(&mut page, &end.summary)?;
        not_asked(&mut page, &end.not_asked, end.not_asked_more)?;
        page.blank()?;
        if !end.complete {
            let text = page.texts.say("scan-incomplete");
            page.item(0, "▲", Role::Warning, &text)?;
        }
        let took = SignedDuration::from_millis(i64::try_from(end.took_ms).unwrap_or(i64::MAX));
        let took = page.texts.duration(took);
        let text = page.texts.say_with(
            "scan-took",
            [("count", end.summary.hosts.into()), ("time", took.into())],
        );
        page.paragraph(0, Role::Dim, &text)?;
        self.out.flush()
    }
}

/// What is asked, from where, and with whose permission.
fn title(page: &mut Page<'_>, head: &ScanHead) -> io::Result<()> {
    let name = format!("Imker {}", head.version);
    let what = page.texts.say("scan-title");
    let utc = page.texts.say("utc-note");
    let line = Line::new()
        .then(Role::Strong, &name)
        .then(Role::Plain, &format!(" · {what}"));
    page.line(line.right(Role::Dim, &utc, page.width.min(100)))?;
    let mut facts = vec![
        page.texts.time(head.created),
        page.texts.say(vantage(head)),
        page.texts.say(checks(head)),
    ];
    if let Some(authorised) = &head.authorised {
        facts.push(
            page.texts
                .say_with("scan-authorised", [("who", authorised.as_str().into())]),
        );
    }
    if let Some(contact) = &head.contact {
        facts.push(
            page.texts
                .say_with("scan-contact", [("who", contact.as_str().into())]),
        );
    }
    page.facts(0, Role::Dim, &facts)?;
    page.blank()
}

pub(super) const fn vantage(head: &ScanHead) -> &'static str {
    match head.vantage {
        imker_posture::Vantage::Internet => "scan-from-internet",
        imker_posture::Vantage::Internal => "scan-from-internal",
    }
}

pub(super) const fn checks(head: &ScanHead) -> &'static str {
    match head.checks {
        imker_posture::Checks::Quick => "scan-checks-quick",
        imker_posture::Checks::Full => "scan-checks-full",
    }
}

fn summary(page: &mut Page<'_>, summary: &Summary) -> io::Result<()> {
    page.heading("section-scan-summary")?;
    for (verdict, count) in summary.verdicts.iter() {
        let (mark, role) = look(verdict);
        let name = words::verdict(&page.texts, verdict);
        let meaning = page.texts.name("scan-meaning", verdict.name());
        let line = Line::indented(2)
            .then(role, &format!("{mark} {name}"))
            .right(Role::Strong, &page.texts.number(count), 30)
            .then(Role::Dim, &format!("  {meaning}"));
        page.line(line)?;
    }
    cves(page, summary)?;
    let products: Vec<_> = summary
        .products
        .iter()
        .map(|(name, verdicts)| (name.clone(), *verdicts))
        .collect();
    counted(page, "section-scan-products", &products)?;
    let releases = summary.releases.iter().rev().map(|row| {
        let name = row.release.clone().unwrap_or_default();
        (format!("{name} {}", row.build), row.verdicts)
    });
    counted(page, "section-scan-releases", &most(releases))?;
    let networks = summary
        .networks
        .iter()
        .filter(|(_, verdicts)| verdicts.open() > 0);
    let networks = networks.map(|(name, verdicts)| (name.clone(), *verdicts));
    counted(page, "section-scan-networks", &most(networks))
}

/// The rows with most open hosts first.
pub(super) fn most(rows: impl Iterator<Item = (String, Verdicts)>) -> Vec<(String, Verdicts)> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(_, verdicts)| std::cmp::Reverse((verdicts.open(), verdicts.sum())));
    rows
}

fn cves(page: &mut Page<'_>, summary: &Summary) -> io::Result<()> {
    let of = |counts: &std::collections::BTreeMap<CveVerdict, u64>, verdict| {
        counts.get(&verdict).copied().unwrap_or(0)
    };
    let open = summary
        .cves
        .iter()
        .filter(|(_, counts)| of(counts, CveVerdict::Vulnerable) > 0);
    let open: Vec<_> = open.collect();
    if open.is_empty() {
        return Ok(());
    }
    page.heading("section-scan-cves")?;
    for (id, counts) in open {
        let chain = imker_exchange::chain_of(id).unwrap_or_default();
        let said = [
            CveVerdict::Vulnerable,
            CveVerdict::Guarded,
            CveVerdict::Filtered,
            CveVerdict::Unknown,
        ]
        .into_iter()
        .filter(|verdict| of(counts, *verdict) > 0)
        .map(|verdict| {
            let count = page.texts.number(of(counts, verdict));
            format!("{count} {}", words::cve_verdict(&page.texts, verdict))
        });
        let said = said.collect::<Vec<_>>().join(" · ");
        page.line(
            Line::indented(2)
                .then(Role::Plain, id)
                .tab(18)
                .then(Role::Dim, chain)
                .tab(33)
                .then(Role::Bad, &said),
        )?;
    }
    Ok(())
}

fn counted(page: &mut Page<'_>, section: &str, rows: &[(String, Verdicts)]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    page.heading(section)?;
    let hosts = page.texts.say("column-scan-hosts");
    let open = page.texts.say("column-scan-open");
    let name_width = 44.min(page.width - 26);
    let head = Line::new()
        .right(Role::Dim, &hosts, name_width + 12)
        .right(Role::Dim, &open, name_width + 24);
    page.line(head)?;
    page.first(rows, LISTED, |page, (name, verdicts)| {
        let open = verdicts.open();
        let role = if open > 0 { Role::Bad } else { Role::Good };
        let line = Line::indented(2)
            .then(Role::Plain, &fit(name, name_width - 2))
            .right(Role::Plain, &page.texts.number(verdicts.sum()), name_width + 12)
            .right(role, &page.texts.number(open), name_width + 24);
        page.line(line)
    })
}

/// Targets that were not asked, with the reason.
pub(super) fn not_asked(page: &mut Page<'_>, targets: &[NotAsked], more: u64) -> io::Result<()> {
    if targets.is_empty() && more == 0 {
        return Ok(());
    }
    page.heading("section-scan-not-asked")?;
    let widest = targets
        .iter()
        .take(LISTED)
        .map(|one| columns(&one.target))
        .max()
        .unwrap_or(0)
        .min(44);
    for one in targets.iter().take(LISTED) {
        let why = page.texts.name("scan-why", one.why.name());
        let line = Line::indented(2)
            .then(Role::Plain, &fit(&one.target, 44))
            .tab(widest + 4);
        page.line(line.then(Role::Dim, &why))?;
    }
    let beyond = targets.len().saturating_sub(LISTED) as u64 + more;
    page.left_out(usize::try_from(beyond).unwrap_or(usize::MAX))
}
