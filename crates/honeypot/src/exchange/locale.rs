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
    pub timed_out: &'static str,
    pub password_changed: &'static str,
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

const LOCALES: [Locale; 9] = [
    Locale {
        tag: "en",
        user_name: "Domain\\user name:",
        password: "Password:",
        show_password: "Show password",
        sign_in: "sign in",
        refused: "The user name or password is not correct. Please enter them again.",
        timed_out: "Your session has timed out. Please sign in again.",
        password_changed: "Your password has been changed. Please sign in with the new one.",
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
        timed_out: "Ihre Sitzung ist abgelaufen. Bitte melden Sie sich erneut an.",
        password_changed: "Ihr Kennwort wurde geändert. Bitte melden Sie sich mit dem neuen an.",
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
        timed_out: "Votre session a expiré. Veuillez vous reconnecter.",
        password_changed: "Votre mot de passe a été modifié. Veuillez vous connecter avec le nouveau.",
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
        timed_out: "Su sesión ha caducado. Vuelva a iniciar sesión.",
        password_changed: "Su contraseña se ha cambiado. Inicie sesión con la nueva.",
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
    Locale {
        tag: "it",
        user_name: "Dominio\\nome utente:",
        password: "Password:",
        show_password: "Mostra password",
        sign_in: "accedi",
        refused: "Il nome utente o la password non sono corretti. Inserirli di nuovo.",
        timed_out: "La sessione è scaduta. Accedere di nuovo.",
        password_changed: "La password è stata cambiata. Accedere con quella nuova.",
        scripts: "Per usare Outlook, il browser deve consentire l’esecuzione degli script.",
        cookies: "Attivare i cookie nel browser, quindi riaprire questa pagina.",
        private_computer: "Questo è un computer privato",
        signed_out: "Disconnessione effettuata. È consigliabile chiudere ora tutte le finestre del browser.",
        went_wrong: "Si è verificato un problema. Riprovare tra qualche minuto.",
        expired: "La password è scaduta. Sceglierne una nuova.",
        new_password: "Nuova password:",
        confirm_password: "Conferma nuova password:",
        submit: "invia",
    },
    Locale {
        tag: "nl",
        user_name: "Domein\\gebruikersnaam:",
        password: "Wachtwoord:",
        show_password: "Wachtwoord weergeven",
        sign_in: "aanmelden",
        refused: "De gebruikersnaam of het wachtwoord is niet juist. Voer beide opnieuw in.",
        timed_out: "Uw sessie is verlopen. Meld u opnieuw aan.",
        password_changed: "Uw wachtwoord is gewijzigd. Meld u aan met het nieuwe.",
        scripts: "Als u Outlook wilt gebruiken, moet de browser scripts toestaan.",
        cookies: "Sta cookies toe in uw browser en open deze pagina daarna opnieuw.",
        private_computer: "Dit is een privécomputer",
        signed_out: "U bent afgemeld. Sluit nu bij voorkeur alle browservensters.",
        went_wrong: "Er is iets misgegaan. Probeer het over enkele minuten opnieuw.",
        expired: "Uw wachtwoord is verlopen. Kies een nieuw wachtwoord.",
        new_password: "Nieuw wachtwoord:",
        confirm_password: "Nieuw wachtwoord bevestigen:",
        submit: "verzenden",
    },
    Locale {
        tag: "pt",
        user_name: "Domínio\\nome de usuário:",
        password: "Senha:",
        show_password: "Mostrar senha",
        sign_in: "entrar",
        refused: "O nome de usuário ou a senha não está correto. Digite-os novamente.",
        timed_out: "Sua sessão expirou. Entre novamente.",
        password_changed: "Sua senha foi alterada. Entre com a nova senha.",
        scripts: "Para usar o Outlook, o navegador deve permitir a execução de scripts.",
        cookies: "Permita cookies no navegador e abra esta página novamente.",
        private_computer: "Este é um computador particular",
        signed_out: "Você saiu. É melhor fechar agora todas as janelas do navegador.",
        went_wrong: "Algo deu errado. Tente novamente em alguns minutos.",
        expired: "Sua senha expirou. Escolha uma nova.",
        new_password: "Nova senha:",
        confirm_password: "Confirmar nova senha:",
        submit: "enviar",
    },
    Locale {
        tag: "ru",
        user_name: "Домен\\имя пользователя:",
        password: "Пароль:",
        show_password: "Показать пароль",
        sign_in: "войти",
        refused: "Имя пользователя или пароль указаны неверно. Введите их ещё раз.",
        timed_out: "Время сеанса истекло. Войдите ещё раз.",
        password_changed: "Пароль изменён. Войдите с новым паролем.",
        scripts: "Чтобы использовать Outlook, разрешите в браузере выполнение сценариев.",
        cookies: "Разрешите в браузере файлы cookie и снова откройте эту страницу.",
        private_computer: "Это личный компьютер",
        signed_out: "Вы вышли из системы. Лучше сейчас закрыть все окна браузера.",
        went_wrong: "Произошла ошибка. Повторите попытку через несколько минут.",
        expired: "Срок действия пароля истёк. Задайте новый пароль.",
        new_password: "Новый пароль:",
        confirm_password: "Подтвердите новый пароль:",
        submit: "отправить",
    },
    Locale {
        tag: "zh",
        user_name: "域\\用户名:",
        password: "密码:",
        show_password: "显示密码",
        sign_in: "登录",
        refused: "用户名或密码不正确。请重新输入。",
        timed_out: "会话已超时。请重新登录。",
        password_changed: "密码已更改。请使用新密码登录。",
        scripts: "若要使用 Outlook，浏览器必须允许运行脚本。",
        cookies: "请在浏览器中启用 Cookie，然后重新打开此页面。",
        private_computer: "这是私人计算机",
        signed_out: "你已注销。最好现在关闭所有浏览器窗口。",
        went_wrong: "出现问题。请过几分钟再试。",
        expired: "密码已过期。请选择新密码。",
        new_password: "新密码:",
        confirm_password: "确认新密码:",
        submit: "提交",
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
            (Some("ja,sv;q=0.5"), "es", "es"),
            (Some("zh-CN,zh;q=0.9,en;q=0.8"), "de-DE", "zh"),
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
