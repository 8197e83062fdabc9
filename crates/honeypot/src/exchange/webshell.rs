//! Commands to webshells that are not there.

use imker_event::Saw;
use imker_exchange::{is_script, is_shipped_script, is_writable_place};

use super::ask::Ask;
use super::form;

/// Commands recorded of one request.
const MAX_COMMANDS: usize = 16;

/// Names that webshells in public reports give the parameter with the command; `z0`, `z1`, ... are China Chopper's.
const NAMES: [&str; 22] = [
    "arg",
    "c",
    "cmd",
    "code",
    "com",
    "command",
    "data",
    "do",
    "e",
    "eval",
    "exe",
    "exec",
    "execute",
    "exec_code",
    "pass",
    "payload",
    "q",
    "run",
    "shell",
    "x",
    "z",
    "z0",
];

/// First words of a command line on Windows.
const PROGRAMS: [&str; 28] = [
    "arp",
    "bitsadmin",
    "cd",
    "certutil",
    "cmd",
    "cmd.exe",
    "curl",
    "dir",
    "echo",
    "hostname",
    "ipconfig",
    "ls",
    "net",
    "net1",
    "netstat",
    "nltest",
    "nslookup",
    "ping",
    "powershell",
    "powershell.exe",
    "quser",
    "reg",
    "sc",
    "systeminfo",
    "tasklist",
    "type",
    "ver",
    "whoami",
];

/// What script code holds.
const CODE: [&str; 8] = [
    "response.write",
    "request.item",
    "request[",
    "eval(",
    "system.diagnostics",
    "process.start",
    "frombase64string",
    "createobject",
];

/// Records parameters that look like commands, of a request to a script that Exchange does not ship, in a place where
/// webshells were found: those with a name of a known webshell, and those that begin with a program's name or hold
/// script code. Query and form are read; values are cut at [`imker_event::Text::MAX`].
pub(super) fn observe(ask: &mut Ask<'_>) {
    let path = &ask.path.text;
    if !is_script(path) || is_shipped_script(path) || !is_writable_place(path) {
        return;
    }
    let is_form = ask.request.header("Content-Type").is_none_or(|value| {
        value
            .to_ascii_lowercase()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    // What a PUT brings is a file.
    let is_form = is_form && !ask.request.method.eq_ignore_ascii_case(b"PUT");
    let body = if is_form { &*ask.request.body } else { &[] };
    let commands = form::pairs(ask.query())
        .chain(form::pairs(body))
        .filter(|(name, value)| looks_like_command(name, value))
        .take(MAX_COMMANDS)
        .map(|(name, value)| Saw::Command {
            script: path.as_str().into(),
            parameter: name.as_str().into(),
            command: value.as_str().into(),
        });
    let commands: Vec<_> = commands.collect();
    ask.saw.extend(commands);
}

fn looks_like_command(name: &str, value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() {
        return false;
    }
    let name = name.to_lowercase();
    if NAMES.contains(&&*name) {
        return true;
    }
    let value = value.to_lowercase();
    let program = value.split_whitespace().next().unwrap_or_default();
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default();
    PROGRAMS.contains(&program) || CODE.iter().any(|code| value.contains(code))
}

#[cfg(test)]
mod tests {
    use super::looks_like_command;

    #[test]
    fn tells_commands() {
        for (name, value) in [
            ("cmd", "x"),
            ("Exec", "anything"),
            ("other", "whoami /all"),
            ("other", "C:\\Windows\\System32\\cmd.exe /c dir"),
            ("other", "Response.Write(1)"),
        ] {
            assert!(looks_like_command(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("cmd", ""),
            ("id", "4"),
            ("url", "https://example.org/"),
            ("", ""),
        ] {
            assert!(!looks_like_command(name, value), "{name}={value}");
        }
    }
}
