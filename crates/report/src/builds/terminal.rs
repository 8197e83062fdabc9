//! One build as text: what it is, what it is open to, what to install.

use std::io;

use imker_posture::{FixStatus, SeenBuild};
use jiff::civil::Date;
use jiff::{SpanRound, Unit};

use super::answer::{BuildAnswer, CveAnswer, InstallAnswer, Named};
use crate::language::Texts;
use crate::terminal::line::{Line, Role};
use crate::terminal::{Page, Style};

/// Writes what the tables tell of a build.
pub fn terminal(answer: &BuildAnswer, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(style, out);
    head(page, answer)?;
    if answer.product.is_none() {
        return Ok(());
    }
    page.heading("builds-chains")?;
    for cve in answer.chained() {
        chained(page, cve)?;
    }
    page.heading("builds-others")?;
    others(page, answer)?;
    page.heading("builds-install")?;
    install(page, answer)
}

fn head(page: &mut Page<'_>, answer: &BuildAnswer) -> io::Result<()> {
    let name = name(&page.texts, answer);
    let line = Line::new().then(Role::Strong, &answer.build.to_string());
    page.line(line.then(Role::Plain, "  ").then(Role::Heading, &name))?;
    if let Some(date) = &answer.date {
        let released = released(&page.texts, date, answer.as_of);
        let facts: Vec<String> = [Some(released), answer.kb.clone()]
            .into_iter()
            .flatten()
            .collect();
        page.facts(2, Role::Plain, &facts)?;
    }
    let texts = &page.texts;
    for text in [support(texts, answer), superseded(texts, answer)]
        .into_iter()
        .flatten()
    {
        page.paragraph(2, Role::Plain, &text)?;
    }
    page.blank()?;
    let (mark, role, text) = verdict(&page.texts, answer);
    page.item(0, mark, role, &text)
}

/// `Exchange 2016 CU19 Mar21SU`, as far as it is known.
fn name(texts: &Texts, answer: &BuildAnswer) -> String {
    let Some(product) = &answer.product else {
        return texts.say("builds-no-product");
    };
    let known = [Some(product), answer.cu.as_ref(), answer.update.as_ref()];
    let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
    let known = known.join(" ");
    match answer.build {
        _ if answer.listed => known,
        SeenBuild::ThreeParts(_) if answer.cu.is_some() => {
            texts.say_with("builds-updates-unknown", [("name", known.into())])
        }
        _ => texts.say_with("builds-unlisted", [("name", known.into())]),
    }
}

fn released(texts: &Texts, date: &str, as_of: Date) -> String {
    let day = if date.len() == 7 {
        format!("{date}-01")
    } else {
        date.to_owned()
    };
    let round = SpanRound::new().largest(Unit::Year).relative(as_of);
    let age = day.parse::<Date>().ok().filter(|day| *day <= as_of);
    let age = age.and_then(|day| as_of.since(day).ok()?.round(round).ok());
    let Some(age) = age else {
        return texts.say_with("builds-released", [("date", date.into())]);
    };
    let part = |id, count: i64| (count > 0).then(|| texts.say_with(id, [("count", count.into())]));
    let (years, months) = (i64::from(age.get_years()), i64::from(age.get_months()));
    let days = i64::from(age.get_weeks()) * 7 + i64::from(age.get_days());
    let mut parts: Vec<String> = [part("builds-years", years), part("builds-months", months)]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        parts.push(texts.say_with("builds-days", [("count", days.into())]));
    }
    let args = [
        ("date", date.into()),
        ("age", parts.join(" ").into()),
        ("day", as_of.to_string().into()),
    ];
    texts.say_with("builds-released-ago", args)
}

fn support(texts: &Texts, answer: &BuildAnswer) -> Option<String> {
    let support = answer.support.as_ref()?;
    let Some(end) = &support.end else {
        return Some(texts.say("builds-supported"));
    };
    let id = match support.state {
        "supported" => "builds-supported-until",
        _ => "builds-support-ended",
    };
    let mut text = texts.say_with(id, [("date", end.as_str().into())]);
    if let Some(until) = &support.paid_until {
        let id = match support.state {
            "ended" => "builds-paid-ended",
            _ => "builds-paid-until",
        };
        let args = [
            ("date", until.as_str().into()),
            ("for", support.paid_for.join(", ").into()),
        ];
        text = format!("{text} {}", texts.say_with(id, args));
    }
    Some(text)
}

/// That the cumulative update is too old to get updates.
fn superseded(texts: &Texts, answer: &BuildAnswer) -> Option<String> {
    let support = answer.support.as_ref().filter(|support| support.cu_superseded)?;
    let last = support.last_update.as_ref()?;
    let args = [
        ("release", last.release.as_str().into()),
        ("date", last.date.as_str().into()),
    ];
    Some(texts.say_with("builds-superseded", args))
}

fn verdict(texts: &Texts, answer: &BuildAnswer) -> (&'static str, Role, String) {
    let chains = |status| {
        let mut chains: Vec<&str> = Vec::new();
        let of_status = answer.chained().filter(|cve| cve.status == status);
        for chain in of_status.filter_map(|cve| cve.alias.as_deref()) {
            if !chains.contains(&chain) {
                chains.push(chain);
            }
        }
        chains.join(", ")
    };
    let count = |status| answer.chained().filter(|cve| cve.status == status).count();
    let say = |id, status| {
        texts.say_with(
            id,
            [("count", count(status).into()), ("chains", chains(status).into())],
        )
    };
    if answer.product.is_none() {
        ("▲", Role::Warning, texts.say("builds-verdict-no-product"))
    } else if answer.is_open() {
        ("✖", Role::Alarm, say("builds-verdict-open", FixStatus::Open))
    } else if count(FixStatus::Unknown) > 0 {
        (
            "▲",
            Role::Warning,
            say("builds-verdict-unknown", FixStatus::Unknown),
        )
    } else if answer.cu.is_none() {
        ("▲", Role::Warning, texts.say("builds-verdict-no-build"))
    } else {
        ("✔", Role::Good, texts.say("builds-verdict-fixed"))
    }
}

fn look(status: FixStatus) -> (&'static str, Role, &'static str) {
    match status {
        FixStatus::Fixed => ("✔", Role::Good, "builds-fixed"),
        FixStatus::Open => ("✖", Role::Alarm, "builds-open"),
        FixStatus::Unknown => ("?", Role::Warning, "builds-unknown"),
    }
}

fn chained(page: &mut Page<'_>, cve: &CveAnswer) -> io::Result<()> {
    let (mark, role, id) = look(cve.status);
    let status = page.texts.say(id);
    let line = Line::indented(2)
        .then(role, mark)
        .then(Role::Plain, " ")
        .then(Role::Strong, &cve.id)
        .tab(20)
        .then(Role::Plain, cve.alias.as_deref().unwrap_or_default());
    page.line(line.tab(35).then(role, &status))?;
    if cve.status == FixStatus::Fixed {
        return Ok(());
    }
    page.paragraph(6, Role::Dim, &cve.reason)
}

/// Other CVEs: the open ones by their id, the unknown ones by their reason.
fn others(page: &mut Page<'_>, answer: &BuildAnswer) -> io::Result<()> {
    let of = |status| {
        let others = answer.cves.iter().filter(|cve| cve.alias.is_none());
        others
            .filter(|cve| cve.status == status)
            .collect::<Vec<&CveAnswer>>()
    };
    let ids = |cves: &[&CveAnswer]| cves.iter().map(|cve| cve.id.clone()).collect::<Vec<_>>();
    let (fixed, open, unknown) = (of(FixStatus::Fixed), of(FixStatus::Open), of(FixStatus::Unknown));
    let args = [
        ("fixed", fixed.len().into()),
        ("open", open.len().into()),
        ("unknown", unknown.len().into()),
    ];
    let counts = page.texts.say_with("builds-counts", args);
    page.paragraph(2, Role::Plain, &counts)?;
    if !open.is_empty() {
        let (mark, role, id) = look(FixStatus::Open);
        let text = format!("{}: {}", page.texts.say(id), ids(&open).join(", "));
        page.item(2, mark, role, &text)?;
    }
    let mut reasons: Vec<(&str, Vec<&CveAnswer>)> = Vec::new();
    for cve in unknown {
        match reasons.iter_mut().find(|(reason, _)| *reason == cve.reason) {
            Some((_, cves)) => cves.push(cve),
            None => reasons.push((&cve.reason, vec![cve])),
        }
    }
    for (reason, cves) in reasons {
        let (mark, role, id) = look(FixStatus::Unknown);
        let text = format!("{}: {}", page.texts.say(id), ids(&cves).join(", "));
        page.item(2, mark, role, &text)?;
        page.paragraph(6, Role::Dim, reason)?;
    }
    Ok(())
}

fn install(page: &mut Page<'_>, answer: &BuildAnswer) -> io::Result<()> {
    let Some(install) = &answer.install else {
        return Ok(());
    };
    let InstallAnswer {
        newest,
        paid,
        unverified,
        move_to,
        minimum,
        minimum_is_for_this_cu,
        closes_all,
    } = install;
    let (all, chains) = match closes_all {
        Some(all) => (Some(&all.release), all.chains.join(", ")),
        None => (None, String::new()),
    };
    let minimum_id = if *minimum_is_for_this_cu {
        "builds-minimum-own"
    } else {
        "builds-minimum-newer"
    };
    let newest_id = if move_to.is_some() {
        "builds-newest-until-then"
    } else {
        "builds-newest"
    };
    let steps = [
        (minimum.as_ref(), "✖", Role::Alarm, minimum_id),
        (
            all.filter(|all| Some(*all) != minimum.as_ref()),
            "✖",
            Role::Alarm,
            "builds-closes-all",
        ),
        (move_to.as_ref(), "▲", Role::Warning, "builds-move-on"),
        (newest.as_ref(), "▲", Role::Warning, newest_id),
        (paid.as_ref(), "▲", Role::Plain, "builds-newest-paid"),
        (unverified.as_ref(), "▲", Role::Plain, "builds-unverified"),
    ];
    for (release, mark, role, id) in steps {
        let Some(release) = release else { continue };
        let product = answer.product.clone().unwrap_or_default();
        let args = [
            ("release", shown(release).into()),
            ("product", product.into()),
            ("chains", chains.as_str().into()),
        ];
        let mut text = page.texts.say_with(id, args);
        if may_be_there(answer, release) {
            text = format!("{text} {}", page.texts.say("builds-may-be-there"));
        }
        page.item(2, mark, role, &text)?;
    }
    if newest.is_none() && paid.is_none() && answer.cu.is_some() {
        let text = page.texts.say("builds-is-newest");
        page.item(2, "✔", Role::Good, &text)?;
    }
    Ok(())
}

/// Whether three parts leave open that an update is installed.
fn may_be_there(answer: &BuildAnswer, release: &Named) -> bool {
    match answer.build {
        SeenBuild::Whole(_) => false,
        SeenBuild::ThreeParts([major, minor, number]) => {
            release.build.starts_with(&format!("{major}.{minor}.{number}."))
        }
    }
}

/// `Exchange 2016 CU19 May21SU (15.1.2176.14, KB5003435)`.
fn shown(release: &Named) -> String {
    let kb = release
        .kb
        .as_ref()
        .map(|kb| format!(", {kb}"))
        .unwrap_or_default();
    format!("{} ({}{kb})", release.release, release.build)
}
