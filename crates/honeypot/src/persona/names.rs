//! Made-up names: an organisation, its domain, its servers and its people, always the same ones from one seed.

use std::collections::HashSet;

use super::Mailbox;
use super::derive::Stream;
use super::words::{Region, Words, ascii, ascii_word, words};

/// The longest `sAMAccountName` of a user ([MS-SAMR] 3.1.1.6 and Active Directory's schema).
const ACCOUNT_MAX: usize = 20;

/// What an organisation and its Active Directory domain are called.
///
/// The public domain is put together at random and could belong to somebody: nothing is ever sent to it, but its owner
/// may appear in what attackers send. An operator who owns a spare domain should use that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DomainNames {
    pub organisation: String,
    pub netbios_domain: String,
    pub dns_domain: String,
    pub mail_domain: String,
    pub external_name: String,
    pub time_zone: String,
    /// The first server's name; others count up from it.
    pub host: String,
}

impl DomainNames {
    /// Names in a language (`de-DE`); `None` where there are no words for it.
    pub fn new(seed: &[u8; 32], language: &str, host_patterns: &[String]) -> Option<Self> {
        let (words, region) = words(language)?;
        let mut stream = Stream::new(seed, "domain names");
        let place = place(words, &mut stream);
        let trade = stream.pick(&words.trades);
        let organisation = organisation(words, &place, trade, &mut stream);
        let mail_domain = mail_domain(region, &place, trade, &mut stream);
        let dns_domain = match stream.below(4) {
            0 => format!("{}.local", ascii(&place)),
            1 => format!("{}.lan", ascii(&place)),
            _ => format!("{}.{mail_domain}", stream.pick(&words.inner_labels)),
        };
        Some(Self {
            organisation,
            netbios_domain: ascii(&place).to_ascii_uppercase().chars().take(15).collect(),
            dns_domain,
            external_name: format!("{}.{mail_domain}", stream.pick(&words.outer_labels)),
            mail_domain,
            time_zone: stream.pick(&region.time_zones).clone(),
            host: host(host_patterns, &place, trade, &mut stream),
        })
    }
}

/// A place that does not exist, as in `Brackenford`.
fn place(words: &Words, stream: &mut Stream) -> String {
    let stem = stream.pick(&words.stems);
    let ending = stream.pick(&words.endings);
    format!("{stem}{ending}")
}

/// As in `Brackenford Castings Ltd`; Exchange keeps what the administrator typed at setup, so the form may be missing. Setup
/// takes neither umlauts nor accents.
fn organisation(words: &Words, place: &str, trade: &str, stream: &mut Stream) -> String {
    let form = stream.pick(&words.forms);
    let name = match stream.below(3) {
        0 => format!("{place} {trade} {form}"),
        1 => format!("{place} {trade}"),
        _ => format!("{trade} {place} {form}"),
    };
    let words = name
        .split_whitespace()
        .map(ascii_word)
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn mail_domain(region: &Region, place: &str, trade: &str, stream: &mut Stream) -> String {
    let (place, trade) = (ascii(place), ascii(trade));
    let top_level = stream.pick(&region.top_level);
    match stream.below(3) {
        0 => format!("{place}-{trade}.{top_level}"),
        1 => format!("{place}{trade}.{top_level}"),
        _ => format!("{trade}-{place}.{top_level}"),
    }
}

/// As in `BCEX01`.
fn host(patterns: &[String], place: &str, trade: &str, stream: &mut Stream) -> String {
    let (place, trade) = (ascii(place), ascii(trade));
    let abbreviation: String = match stream.below(3) {
        0 => place.chars().take(1).chain(trade.chars().take(1)).collect(),
        1 => place.chars().take(3).collect(),
        _ => place.chars().take(3).chain(trade.chars().take(1)).collect(),
    };
    let pattern = if patterns.is_empty() {
        "EX01"
    } else {
        stream.pick(patterns)
    };
    pattern.replace("{abbreviation}", &abbreviation.to_ascii_uppercase())
}

/// The administrator, `people` users and a few shared mailboxes, all in `mail_domain`; none where there are no words
/// for the language (`de-DE`).
pub(crate) fn mailboxes(seed: &[u8; 32], language: &str, people: usize, mail_domain: &str) -> Vec<Mailbox> {
    let Some((words, _)) = words(language) else {
        return Vec::new();
    };
    let mut stream = Stream::new(seed, "mailboxes");
    let pattern = Pattern::of(&mut stream);
    let mut taken = HashSet::from(["administrator".to_owned()]);
    let mut mailboxes = vec![mailbox(
        "Administrator",
        "Administrator",
        "administrator",
        mail_domain,
    )];
    let shared = 2 + usize::try_from(stream.below(4)).unwrap_or(0);
    let first = usize::try_from(stream.below(words.shared.len() as u64)).unwrap_or(0);
    for at in 0..shared.min(words.shared.len()) {
        let (account, display_name) = &words.shared[(first + at) % words.shared.len()];
        taken.insert(account.clone());
        mailboxes.push(mailbox(account, display_name, account, mail_domain));
    }
    let wanted = mailboxes.len() + people;
    // Each try takes one of thousands of pairs; the bound only says that this ends.
    for _ in 0..people.saturating_mul(20) {
        if mailboxes.len() == wanted {
            break;
        }
        let given = stream.pick(&words.given);
        let surname = stream.pick(&words.surnames);
        let (account, local) = pattern.apply(&ascii(given), &ascii(surname));
        if taken.insert(account.clone()) && (account == local || taken.insert(local.clone())) {
            let display_name = if pattern.surname_first {
                format!("{surname}, {given}")
            } else {
                format!("{given} {surname}")
            };
            mailboxes.push(mailbox(&account, &display_name, &local, mail_domain));
        }
    }
    mailboxes
}

fn mailbox(account: &str, display_name: &str, local: &str, mail_domain: &str) -> Mailbox {
    Mailbox {
        account: account.into(),
        display_name: display_name.into(),
        address: format!("{local}@{mail_domain}").into(),
    }
}

/// How an organisation writes the names of its people.
struct Pattern {
    account: u64,
    short_address: bool,
    surname_first: bool,
}

impl Pattern {
    fn of(stream: &mut Stream) -> Self {
        Self {
            account: stream.below(4),
            short_address: stream.below(3) == 0,
            surname_first: stream.below(3) == 0,
        }
    }

    /// The account, and the local part of the address.
    fn apply(&self, given: &str, surname: &str) -> (String, String) {
        let initial = &given[..given.len().min(1)];
        let mut account = match self.account {
            0 => format!("{initial}.{surname}"),
            1 => format!("{initial}{surname}"),
            2 => format!("{surname}{initial}"),
            _ => format!("{given}.{surname}"),
        };
        account.truncate(ACCOUNT_MAX);
        let local = if self.short_address {
            account.clone()
        } else {
            format!("{given}.{surname}")
        };
        (account, local)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::persona::checked::{DnsName, NetbiosName, OrganisationName, TimeZoneName};
    use crate::persona::words::languages;

    fn patterns() -> Vec<String> {
        ["{abbreviation}-EXCH01", "EX01"].map(str::to_owned).to_vec()
    }

    #[test]
    fn names_look_like_their_language() {
        let mut lines = Vec::new();
        for language in languages() {
            let names = DomainNames::new(&[3; 32], language, &patterns()).unwrap();
            lines.push(format!("{language} {names:?}"));
            for mailbox in mailboxes(&[3; 32], language, 4, &names.mail_domain) {
                lines.push(format!(
                    "  {} <{}> {}",
                    mailbox.display_name, mailbox.address, mailbox.account
                ));
            }
        }
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn there_are_no_names_without_words() {
        assert_eq!(DomainNames::new(&[3; 32], "tlh-QO", &patterns()), None);
        assert!(mailboxes(&[3; 32], "tlh-QO", 5, "example.org").is_empty());
    }

    proptest! {
        #[test]
        fn names_are_possible_ones(seed in any::<[u8; 32]>(), at in 0usize..8, people in 0usize..60) {
            let language = languages().nth(at).unwrap();
            let names = DomainNames::new(&seed, language, &patterns()).unwrap();
            OrganisationName::try_from(names.organisation).unwrap();
            NetbiosName::try_from(names.netbios_domain).unwrap();
            NetbiosName::try_from(names.host).unwrap();
            TimeZoneName::try_from(names.time_zone).unwrap();
            for name in [&names.dns_domain, &names.external_name, &names.mail_domain] {
                DnsName::try_from(name.clone()).unwrap();
            }
            let boxes = mailboxes(&seed, language, people, &names.mail_domain);
            prop_assert_eq!(&boxes, &mailboxes(&seed, language, people, &names.mail_domain));
            prop_assert!((people + 3..=people + 6).contains(&boxes.len()), "{}", boxes.len());
            let accounts: HashSet<_> = boxes.iter().map(|mailbox| &mailbox.account).collect();
            let addresses: HashSet<_> = boxes.iter().map(|mailbox| &mailbox.address).collect();
            prop_assert!(accounts.len() == boxes.len() && addresses.len() == boxes.len());
            for mailbox in boxes {
                prop_assert!(mailbox.account.len() <= ACCOUNT_MAX);
                let good = |c: char| c.is_ascii_alphanumeric() || ".@-".contains(c);
                prop_assert!(mailbox.address.chars().all(good), "{}", mailbox.address);
            }
        }
    }
}
