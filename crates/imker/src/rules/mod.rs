//! `imker rules`, and the loading of rules for other commands.

mod load;

use std::io::Write;
use std::path::{Path, PathBuf};

use imker_report::escape;
use imker_sigma::{Origin, Rule, RuleIndex, RuleSet, RuleTest};
use miette::{IntoDiagnostic, Result, miette};

use crate::args::RulesCommand;
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
pub use load::{Loaded, load};

/// Carries out `imker rules`.
pub fn run(command: RulesCommand) -> Result<Exit> {
    match command {
        RulesCommand::List { paths } => list(&paths),
        RulesCommand::Check { paths } => check(&paths),
        RulesCommand::Test { paths } => test(&paths),
        RulesCommand::Explain { rule, rules } => explain(&rule, &rules),
    }
}

/// Tells how each rule is searched for, and which make every line be parsed.
pub fn explain_to_standard_error(rules: &RuleSet) {
    for rule in indices(rules) {
        output::note(&format!("{}\n", explanation(rules, rule)));
    }
}

fn list(paths: &[PathBuf]) -> Result<Exit> {
    let loaded = if paths.is_empty() {
        load(&[], &[])?
    } else {
        load::only(paths)?
    };
    let mut out = Output::open(None)?;
    for rule in loaded.rules.rules() {
        writeln!(
            out,
            "{}  {:<13}  {}  (author: {}; source: {})",
            escape::visible(&rule.id),
            format!("{:?}", rule.level).to_lowercase(),
            escape::visible(&rule.title),
            escape::visible(rule.author.as_deref().unwrap_or("not named")),
            escape::visible(&rule.source),
        )
        .map_err(WriteError)?;
    }
    out.close()?;
    Ok(Exit::Clean)
}

fn check(paths: &[PathBuf]) -> Result<Exit> {
    let loaded = load::only(paths)?;
    let mut out = Output::open(None)?;
    let correlations = indices(&loaded.rules)
        .filter(|rule| loaded.rules.is_correlation(*rule))
        .count();
    writeln!(
        out,
        "{} rules usable, {correlations} of them correlations; {} for other log sources; {} refused",
        loaded.rules.rules().len(),
        loaded.counts.set_aside,
        loaded.counts.refused,
    )
    .map_err(WriteError)?;
    let slow = |index: &RuleIndex| loaded.rules.explain(*index).unfiltered;
    for index in indices(&loaded.rules).filter(slow) {
        let rule = loaded.rules.rule(index);
        let (source, title) = (escape::visible(&rule.source), escape::visible(&rule.title));
        writeln!(out, "slow, for every line is parsed: {source}: {title}").map_err(WriteError)?;
    }
    out.close()?;
    Ok(if loaded.counts.refused == 0 {
        Exit::Clean
    } else {
        Exit::Failed
    })
}

fn test(paths: &[PathBuf]) -> Result<Exit> {
    let loaded = load::only(paths)?;
    let mut out = Output::open(None)?;
    let (mut passed, mut failed) = (0, 0);
    for index in indices(&loaded.rules) {
        let rule = loaded.rules.rule(index);
        let beside = Path::new(&rule.source).with_extension("test");
        if !beside.is_file() {
            writeln!(out, "no test beside {}", escape::visible(&rule.source)).map_err(WriteError)?;
            continue;
        }
        let name = beside.display().to_string();
        let test = RuleTest::parse(&load::text(&beside)?, &name).into_diagnostic()?;
        let failures = test.run(&loaded.rules, index);
        passed += test.lines().count().saturating_sub(failures.len());
        failed += failures.len();
        for failure in failures {
            let title = escape::visible(&rule.title);
            writeln!(
                out,
                "{}: {title}: {}",
                escape::visible(&name),
                escape::visible(&failure.to_string())
            )
            .map_err(WriteError)?;
        }
    }
    if passed + failed == 0 {
        return Err(miette!(
            help = "a rule's test stands beside it: name.yml, name.test",
            "no tests found"
        ));
    }
    writeln!(out, "{passed} lines as expected, {failed} not").map_err(WriteError)?;
    out.close()?;
    Ok(if failed == 0 && loaded.counts.refused == 0 {
        Exit::Clean
    } else {
        Exit::Failed
    })
}

fn explain(wanted: &str, paths: &[PathBuf]) -> Result<Exit> {
    let loaded = load(paths, &[])?;
    let lower = wanted.to_lowercase();
    let found: Vec<RuleIndex> = indices(&loaded.rules)
        .filter(|index| {
            let rule = loaded.rules.rule(*index);
            rule.id == wanted || rule.title.to_lowercase().contains(&lower)
        })
        .collect();
    if found.is_empty() {
        return Err(miette!(
            help = "`imker rules list` shows ids and titles; rules of your own are known with --rules",
            "no rule `{wanted}`"
        ));
    }
    let mut out = Output::open(None)?;
    for rule in found {
        let text = explanation(&loaded.rules, rule) + &meaning(loaded.rules.rule(rule));
        for line in text.lines() {
            writeln!(out, "{}", escape::visible(line)).map_err(WriteError)?;
        }
    }
    out.close()?;
    Ok(Exit::Clean)
}

fn indices(rules: &RuleSet) -> impl Iterator<Item = RuleIndex> + '_ {
    (0..rules.rules().len() as u32).map(RuleIndex)
}

/// What a rule says of itself.
fn meaning(rule: &Rule) -> String {
    let mut text = format!("\n  level {}", format!("{:?}", rule.level).to_lowercase());
    if !rule.tags.is_empty() {
        text += &format!("\n  tags {}", rule.tags.join(", "));
    }
    for line in rule
        .description
        .iter()
        .flat_map(|description| description.lines())
    {
        text += &format!("\n  {line}");
    }
    for mistaken in &rule.false_positives {
        text += &format!("\n  false positive: {mistaken}");
    }
    text
}

fn explanation(rules: &RuleSet, index: RuleIndex) -> String {
    let rule = rules.rule(index);
    let explanation = rules.explain(index);
    let origin = match rule.origin {
        Origin::BuiltIn => "built in",
        Origin::User => "added",
        Origin::Indicator => "indicator",
    };
    let how = if rules.is_correlation(index) {
        let refers: Vec<&str> = explanation
            .refers_to
            .iter()
            .map(|rule| rules.rule(*rule).title.as_str())
            .collect();
        format!("correlates {}", refers.join(", "))
    } else if explanation.unfiltered {
        "EVERY LINE is parsed, for the rule asks for no text".to_owned()
    } else {
        format!("lines with {}", explanation.fragments.join(" "))
    };
    let items = match explanation.items.as_slice() {
        [] => String::new(),
        items => format!("  looks at {}\n", items.join(", ")),
    };
    format!(
        "{}  {}\n  by {}, {origin}, {}\n{items}  {how}",
        rule.id,
        rule.title,
        rule.author.as_deref().unwrap_or("an author not named"),
        rule.source,
    )
}
