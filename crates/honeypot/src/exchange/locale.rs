//! Languages of OWA's pages.

/// Texts of the log-on pages in one language.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Locale {
    /// Primary language subtag (BCP 47).
    pub tag: &'static str,
    pub user_name: &'static str,
    pub password: &'static str,
    pub show_password: &'static str,
    pub sign_in: &'static str,
    pub refused: &'static str,
    pub scripts: &'static str,
    pub cookies: &'static str,
    pub private_computer: &'static str,
    pub signed_out: &'static str,
    pub went_wrong: &'static str,
    pub expired: &'static str,
    pub new_password: &'static str,
    pub confirm_password: &'static str,
    pub submit: &'static str,
}

const LOCALES: [Locale; 4] = [
    Locale {
        tag: "en",
        user_name: "Domain\\user name:",
        password: "Password:",
        show_password: "Show password",
        sign_in: "sign in",
        refused: "The user name or password is not correct. Please enter them again.",
        scripts: "To use Outlook, browser settings must allow scripts to run.",
        cookies: "Please turn cookies on in your browser, then open this page again.",
        private_computer: "This is a private computer",
        signed_out: "You are signed out. It is best to close all browser windows now.",
        went_wrong: "Something went wrong. Please try again in a few minutes.",
        expired: "Your password has expired. Please choose a new one.",
        new_password: "New password:",
        confirm_password: "Confirm new password:",
        submit: "submit",
    },
    Locale {
        tag: "de",
        user_name: "Domäne\\Benutzername:",
        password: "Kennwort:",
        show_password: "Kennwort anzeigen",
        sign_in: "Anmelden",
        refused: "Benutzername oder Kennwort ist nicht richtig. Bitte geben Sie beides noch einmal ein.",
        scripts: "Damit Outlook verwendet werden kann, muss der Browser Skripts zulassen.",
        cookies: "Bitte lassen Sie im Browser Cookies zu, und öffnen Sie die Seite dann erneut.",
        private_computer: "Dies ist ein privater Computer",
        signed_out: "Sie sind abgemeldet. Schließen Sie jetzt am besten alle Browserfenster.",
        went_wrong: "Es ist ein Fehler aufgetreten. Bitte versuchen Sie es in einigen Minuten erneut.",
        expired: "Ihr Kennwort ist abgelaufen. Bitte wählen Sie ein neues.",
        new_password: "Neues Kennwort:",
        confirm_password: "Neues Kennwort bestätigen:",
        submit: "Absenden",
    },
    Locale {
        tag: "fr",
        user_name: "Domaine\\nom d’utilisateur :",
        password: "Mot de passe :",
        show_password: "Afficher le mot de passe",
        sign_in: "se connecter",
        refused: "Le nom d’utilisateur ou le mot de passe n’est pas correct. Veuillez les saisir à nouveau.",
        scripts: "Pour utiliser Outlook, le navigateur doit autoriser l’exécution de scripts.",
        cookies: "Veuillez autoriser les cookies dans le navigateur, puis rouvrir cette page.",
        private_computer: "Cet ordinateur est privé",
        signed_out: "Vous êtes déconnecté. Il est préférable de fermer toutes les fenêtres du navigateur.",
        went_wrong: "Un problème est survenu. Veuillez réessayer dans quelques minutes.",
        expired: "Votre mot de passe a expiré. Veuillez en choisir un nouveau.",
        new_password: "Nouveau mot de passe :",
        confirm_password: "Confirmer le nouveau mot de passe :",
        submit: "envoyer",
    },
    Locale {
        tag: "es",
        user_name: "Dominio\\nombre de usuario:",
        password: "Contraseña:",
        show_password: "Mostrar contraseña",
        sign_in: "iniciar sesión",
        refused: "El nombre de usuario o la contraseña no son correctos. Escríbalos de nuevo.",
        scripts: "Para usar Outlook, el navegador debe permitir la ejecución de scripts.",
        cookies: "Permita las cookies en el navegador y vuelva a abrir esta página.",
        private_computer: "Este es un equipo privado",
        signed_out: "Ha cerrado la sesión. Es mejor que cierre ahora todas las ventanas del navegador.",
        went_wrong: "Se ha producido un error. Inténtelo de nuevo en unos minutos.",
        expired: "Su contraseña ha caducado. Elija una nueva.",
        new_password: "Nueva contraseña:",
        confirm_password: "Confirmar la nueva contraseña:",
        submit: "enviar",
    },
];

impl Locale {
    /// The first language of `Accept-Language` that is known, else the persona's, else English. Quality values are
    /// passed over: browsers send languages in order.
    pub fn choose(accepted: Option<&[u8]>, of_persona: &str) -> &'static Self {
        let accepted = accepted.unwrap_or_default();
        let accepted = accepted
            .split(|byte| *byte == b',')
            .take(16)
            .map(<[u8]>::trim_ascii);
        let tags = accepted.chain([of_persona.as_bytes()]);
        tags.filter_map(|tag| tag.split(|byte| matches!(byte, b'-' | b';' | b'_')).next())
            .find_map(|primary| {
                LOCALES
                    .iter()
                    .find(|locale| locale.tag.as_bytes().eq_ignore_ascii_case(primary))
            })
            .unwrap_or(&LOCALES[0])
    }
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn chooses() {
        for (accepted, persona, tag) in [
            (None, "de-DE", "de"),
            (Some("fr-CH, de;q=0.9"), "en-US", "fr"),
            (Some("ja,pt;q=0.5"), "es", "es"),
            (Some("ja"), "ja-JP", "en"),
            (Some("*;;,,"), "", "en"),
            (Some("EN"), "de", "en"),
        ] {
            assert_eq!(
                Locale::choose(accepted.map(str::as_bytes), persona).tag,
                tag,
                "{accepted:?} {persona}"
            );
        }
    }
}
