//! The people of example.org, their mailboxes and their devices.

use super::prng::{Guid, Prng};

/// A mailbox and what opens it.
#[derive(Debug)]
pub struct Person {
    /// `anna.berger`.
    pub name: String,
    pub mailbox: Guid,
    /// In the company's network.
    pub inside: String,
    /// At home or on the road: a public address.
    pub outside: String,
    /// Outlook's user agent.
    pub outlook: &'static str,
    /// ActiveSync device id, device type and user agent.
    pub device: String,
    pub device_type: &'static str,
    pub device_agent: &'static str,
    pub browser: &'static str,
}

const FIRST: [&str; 24] = [
    "anna", "bernd", "carla", "dirk", "elke", "frank", "greta", "hans", "ines", "jonas", "karin", "lukas",
    "maria", "nils", "olga", "peter", "ralf", "sabine", "thomas", "ute", "viktor", "wera", "yusuf", "zoe",
];
const LAST: [&str; 24] = [
    "albrecht", "berger", "conrad", "dietz", "engel", "fuchs", "gruber", "hartmann", "ilg", "jansen", "koch",
    "lange", "maier", "neumann", "otto", "peters", "richter", "schulz", "thiel", "ulrich", "vogt", "weber",
    "yilmaz", "ziegler",
];

const OUTLOOKS: [&str; 4] = [
    "Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.14228;+Pro)",
    "Microsoft+Office/16.0+(Windows+NT+10.0;+MAPI+16.0.10730;+Pro)",
    "Microsoft+Office/15.0+(Windows+NT+6.1;+Microsoft+Outlook+15.0.5371;+Pro)",
    "Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.5188;+Pro)",
];

pub const BROWSERS: [&str; 4] = [
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/92.0.4515.131+Safari/537.36",
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64;+rv:90.0)+Gecko/20100101+Firefox/90.0",
    "Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_15_7)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/14.1.2+Safari/605.1.15",
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/92.0.4515.131+Safari/537.36+Edg/92.0.902.67",
];

const DEVICES: [(&str, &str); 6] = [
    ("iPhone", "Apple-iPhone12C1/1807.69"),
    ("iPhone", "Apple-iPhone13C2/1806.72"),
    ("iPad", "Apple-iPad11C3/1806.72"),
    ("Android", "Android-SAMSUNG-SM-G991B/101.110003"),
    ("SamsungDevice", "SAMSUNG-SM-A525F/101.11"),
    ("Outlook", "Outlook-iOS-Android/1.0"),
];

/// `count` people, always the same for a generator in the same state.
pub fn people(count: usize, prng: &mut Prng) -> Vec<Person> {
    (0..count).map(|number| person(number, prng)).collect()
}

fn person(number: usize, prng: &mut Prng) -> Person {
    let first = FIRST[number % FIRST.len()];
    let last = LAST[(number / FIRST.len() + number * 7) % LAST.len()];
    let (device_type, device_agent) = prng.pick(&DEVICES);
    Person {
        name: format!("{first}.{last}"),
        mailbox: prng.guid(),
        inside: format!("10.20.{}.{}", prng.between(10, 19), prng.between(20, 250)),
        // Ordinary clients come from the lower half of these ranges, attackers from elsewhere.
        outside: match prng.below(10) {
            0 => format!(
                "2001:db8:a:{:x}::{:x}",
                prng.below(0x400),
                prng.between(2, 0xffff)
            ),
            1..=5 => format!("198.51.100.{}", prng.between(1, 127)),
            _ => format!("203.0.113.{}", prng.between(1, 127)),
        },
        outlook: prng.pick(&OUTLOOKS),
        device: match device_type {
            "Android" | "SamsungDevice" => format!("SEC{:016X}", prng.next()),
            _ => format!("{:016X}{:010X}", prng.next(), prng.below(1 << 40)),
        },
        device_type,
        device_agent,
        browser: prng.pick(&BROWSERS),
    }
}
