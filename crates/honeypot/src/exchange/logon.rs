//! OWA's pages before the log-on, written anew in the structure of the product's.
//!
//! Scanners tell the page by its comments, its title, the paths that name the build, `function IsOwaPremiumBrowser`
//! (Metasploit's `owa_login`, Wappalyzer) and the fields of its form; what fills in forms looks for `clkLgn()`. All of that
//! is as they expect it, and so are, for those who read the page, the names of the other globals. Layout, style, what
//! scripts do, texts and pictures are our own.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imker_exchange::Build;

use super::form::html_escaped;
use super::locale::Locale;
use super::template::Template;

/// Style of all these pages.
pub(super) static CSS: LazyLock<String> = LazyLock::new(|| served(include_str!("pages/logon.css")));
static LOGON: LazyLock<Template> = LazyLock::new(|| template(include_str!("pages/logon.html")));
static SCRIPT: LazyLock<Template> = LazyLock::new(|| template(include_str!("pages/logon.js")));
static NOTICE: LazyLock<Template> = LazyLock::new(|| template(include_str!("pages/notice.html")));

fn template(text: &str) -> Template {
    Template::new(&served(text))
}

/// A file as it is sent: with Windows' line ends, and without our comments, which would be the same words on every
/// sensor.
pub(super) fn served(text: &str) -> String {
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    text.lines()
        .filter(|line| !is_comment(line))
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

/// The product's words at the head of each page, quoted for those who look for them. They say nothing of this program.
const NOTICE_OF_PRODUCT: &str = "Copyright (c) 2011 Microsoft Corporation.  All rights reserved.";

/// What the page opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// OWA of Exchange 2013.
    OutlookWebApp,
    /// OWA of 2016 and later. That SE's title is the same is an assumption.
    Outlook,
    /// ECP.
    AdminCenter,
}

impl Product {
    /// By the address that the log-on leads to.
    pub fn of(build: Build, destination: &str) -> Self {
        let path = destination.split("//").last().unwrap_or_default();
        let first = path.split('/').nth(1).unwrap_or_default();
        let name = first.split(['?', '#']).next().unwrap_or_default();
        if name.eq_ignore_ascii_case("ecp") {
            Self::AdminCenter
        } else if build.0[..2] == [15, 0] {
            Self::OutlookWebApp
        } else {
            Self::Outlook
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::OutlookWebApp => "Outlook Web App",
            Self::Outlook => "Outlook",
            Self::AdminCenter => "Exchange Admin Center",
        }
    }

    /// Its name in the sentence that scripts are needed; checks of 2013 look for it.
    const fn in_sentence(self) -> &'static str {
        match self {
            Self::OutlookWebApp => "Outlook Web App",
            Self::Outlook | Self::AdminCenter => "Outlook",
        }
    }
}

/// Why the log-on page is shown (devnulli/EvlWatcher issue 140).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    None,
    SignedOut,
    Refused,
    TimedOut,
    PasswordChanged,
}

impl Reason {
    /// Of the parameter `reason`.
    pub fn of(parameter: &str) -> Self {
        match parameter {
            "1" => Self::SignedOut,
            "2" => Self::Refused,
            "3" => Self::TimedOut,
            "4" => Self::PasswordChanged,
            _ => Self::None,
        }
    }

    fn text(self, locale: &'static Locale) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::SignedOut => Some(locale.signed_out),
            Self::Refused => Some(locale.refused),
            Self::TimedOut => Some(locale.timed_out),
            Self::PasswordChanged => Some(locale.password_changed),
        }
    }
}

/// The log-on page.
pub(super) struct Page<'a> {
    /// `15.1.2176`.
    pub build_path: &'a str,
    pub product: Product,
    pub locale: &'static Locale,
    /// Where the log-on leads to; hostile.
    pub destination: &'a str,
    /// Why the page is shown, as the address says it.
    pub reason: Reason,
}

impl Page<'_> {
    /// The page in UTF-8.
    pub fn render(&self) -> Vec<u8> {
        let script = SCRIPT.fill(|slot| match slot {
            "destination_script" => script_escaped(self.destination).into(),
            "failed" => Cow::Borrowed(if self.reason == Reason::Refused { "1" } else { "0" }),
            _ => Cow::Borrowed(""),
        });
        let locale = self.locale;
        let pictures = pictures();
        let page = LOGON.fill(|slot| {
            Cow::Borrowed(match slot {
                "notice" => NOTICE_OF_PRODUCT,
                "build" => self.build_path,
                "title" | "header" | "product" => self.product.title(),
                "css" => CSS.as_str(),
                "script" => &script,
                "destination" => return html_escaped(self.destination),
                "scripts" => {
                    return locale
                        .scripts
                        .replace("Outlook", self.product.in_sentence())
                        .into();
                }
                "logo" => &pictures.logo,
                "logo_small" => &pictures.logo_small,
                "arrow" | "warning" => &pictures.arrow,
                "user_name" => locale.user_name,
                "password" => locale.password,
                "show_password" => locale.show_password,
                "private_computer" => locale.private_computer,
                "sign_in" => locale.sign_in,
                "cookies" => locale.cookies,
                "error" => {
                    return self.reason.text(locale).map_or(Cow::Borrowed(""), |text| {
                        format!(
                            "<div id=\"signInErrorDiv\" class=\"signInError\" role=\"alert\" tabIndex=\"0\">{text}</div>"
                        )
                        .into()
                    });
                }
                _ => "",
            })
        });
        page.into_bytes()
    }
}

/// A page in the same style that says one thing.
pub(super) fn notice(build: Build, build_path: &str, text: &str) -> Vec<u8> {
    styled(build, build_path, text, "")
}

/// The form to change an expired password.
pub(super) fn expired_password(build: Build, build_path: &str, locale: &'static Locale) -> Vec<u8> {
    let field = |name: &str, label: &str, kind: &str| {
        format!(
            "<div class=\"signInInputLabel\">{label}</div><div><input id=\"{name}\" name=\"{name}\" type=\"{kind}\" class=\"signInInputText\"/></div>\r\n"
        )
    };
    let form = [
        "<form action=\"expiredpassword.aspx\" method=\"POST\" autocomplete=\"off\">\r\n".to_owned(),
        field("username", locale.user_name, "text"),
        field("oldPwd", locale.password, "password"),
        field("newPwd1", locale.new_password, "password"),
        field("newPwd2", locale.confirm_password, "password"),
        format!(
            "<div class=\"signInEnter\"><input type=\"submit\" class=\"signinTxt\" value=\"{}\"/></div></form>",
            locale.submit
        ),
    ];
    styled(build, build_path, locale.expired, &form.concat())
}

fn styled(build: Build, build_path: &str, text: &str, form: &str) -> Vec<u8> {
    let page = NOTICE.fill(|slot| {
        Cow::Borrowed(match slot {
            "notice" => NOTICE_OF_PRODUCT,
            "title" => Product::of(build, "").title(),
            "build" => build_path,
            "css" => CSS.as_str(),
            "logo" => &pictures().logo,
            "text" => text,
            "form" => form,
            _ => "",
        })
    });
    page.into_bytes()
}

struct Pictures {
    logo: String,
    logo_small: String,
    arrow: String,
}

/// Pictures as `data:` addresses.
fn pictures() -> &'static Pictures {
    static PICTURES: OnceLock<Pictures> = OnceLock::new();
    let inline = |png: &[u8]| format!("data:image/png;base64,{}", STANDARD.encode(png));
    PICTURES.get_or_init(|| Pictures {
        logo: inline(include_bytes!("pages/resources/olk_logo_white.png")),
        logo_small: inline(include_bytes!("pages/resources/olk_logo_white_cropped.png")),
        arrow: inline(include_bytes!("pages/resources/sign_in_arrow.png")),
    })
}

/// Text inside a quoted string of a script inside a page: letters, digits and little else as they are, the rest as
/// `\uXXXX`.
fn script_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '/' | ':' | '?' | '=' | '#') {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        let product = |build, destination: &str| Product::of(Build(build), destination);
        assert_eq!(
            product([15, 0, 1497, 48], "https://mail.example.org/owa/"),
            Product::OutlookWebApp
        );
        assert_eq!(product([15, 2, 792, 10], ""), Product::Outlook);
        assert_eq!(
            product([15, 2, 792, 10], "https://mail.example.org/ECP/?x=1"),
            Product::AdminCenter
        );
        assert_eq!(
            product([15, 2, 792, 10], "https://mail.example.org/ecp"),
            Product::AdminCenter
        );
        assert_eq!(product([15, 2, 792, 10], "/ecp/"), Product::AdminCenter);
        assert_eq!(
            product([15, 2, 792, 10], "https://mail.example.org/owa/?ecp"),
            Product::Outlook
        );
    }

    #[test]
    fn nothing_breaks_out() {
        let hostile = "\"></script><script>alert(1)</script>'{{css}}\u{2028}";
        let page = Page {
            build_path: "15.1.2176",
            product: Product::Outlook,
            locale: Locale::choose(None, "en"),
            destination: hostile,
            reason: Reason::Refused,
        };
        let page = String::from_utf8(page.render()).unwrap_or_default();
        assert!(!page.contains("<script>alert"), "unescaped");
        assert_eq!(page.matches("<script>").count(), 2);
        assert!(page.contains("&quot;&gt;&lt;/script&gt;"));
        assert!(page.lines().all(|line| !line.trim_start().starts_with("//")));
        assert_eq!(page.matches('\n').count(), page.matches("\r\n").count());
    }
}
