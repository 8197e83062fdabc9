/// The rules that Imker ships: path below `rules/sigma` and YAML text.
pub const BUILT_IN_RULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));
