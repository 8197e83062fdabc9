var g_fFcs = 1;
var a_fRC = 1;
var a_sUrl = "{{destination_script}}";
var a_sCW = 1;
var a_fLOff = {{failed}};
var a_fCAC = 0;
var a_fEnbSMm = 0;

// Whether the browser gets the full user interface; others are led to the light one.
function IsOwaPremiumBrowser() {
    var agent = navigator.userAgent;
    var version;
    if (/Trident\/|MSIE /.test(agent)) {
        version = /rv:(\d+)|MSIE (\d+)/.exec(agent);
        return !!version && parseInt(version[1] || version[2], 10) >= 9;
    }
    if (/Edge?\//.test(agent)) {
        return true;
    }
    version = /Firefox\/(\d+)/.exec(agent);
    if (version) {
        return parseInt(version[1], 10) >= 12;
    }
    version = /(?:Chrome|CriOS)\/(\d+)/.exec(agent);
    if (version) {
        return parseInt(version[1], 10) >= 18;
    }
    version = /Version\/(\d+)[^ ]* (?:Mobile\/\S+ )?Safari\//.exec(agent);
    if (version) {
        return parseInt(version[1], 10) >= 5;
    }
    return false;
}

// Whether the device is used by touch alone, as far as its name tells.
function isTouchOnly() {
    var agent = navigator.userAgent;
    return /iPad|iPhone|iPod|Android|Windows Phone|Silk\//.test(agent);
}

// The class of the page: by mouse or touch, wide or narrow.
function layoutOfWindow() {
    var width = window.innerWidth || document.documentElement.clientWidth || 1024;
    if (width < 560) {
        return "tnarrow";
    }
    return isTouchOnly() ? "twide" : "mouse";
}

// Narrow pages have no room for labels: the fields say themselves what they are for.
function setPlaceholderText(layout) {
    var narrow = layout === "tnarrow";
    gbid("username").placeholder = narrow ? textOf(gbid("userNameLabel")) : "";
    gbid("password").placeholder = narrow ? textOf(gbid("passwordLabel")) : "";
    gbid("passwordText").placeholder = narrow ? textOf(gbid("passwordLabel")) : "";
}

function setLayout() {
    var layout = layoutOfWindow();
    gbid("mainLogonDiv").className = layout;
    setPlaceholderText(layout);
}

function gbid(id) {
    return document.getElementById(id);
}

function textOf(element) {
    var text = element.textContent || element.innerText || "";
    return text.replace(/\s*:\s*$/, "");
}

function getCookie(name) {
    var all = document.cookie.split(";");
    for (var i = 0; i < all.length; i++) {
        var pair = all[i].replace(/^\s+/, "").split("=");
        if (pair[0] === name) {
            return pair.slice(1).join("=");
        }
    }
    return null;
}

function setCookie(name, value, days) {
    var cookie = name + "=" + value + "; path=/";
    if (days) {
        var until = new Date();
        until.setTime(until.getTime() + days * 24 * 60 * 60 * 1000);
        cookie += "; expires=" + until.toUTCString();
    }
    document.cookie = cookie;
}

// A log-on needs cookies: without them the form gives way to a hint.
function cookiesAreOn() {
    setCookie("cookieTest", "1");
    var on = getCookie("cookieTest") === "1";
    document.cookie = "cookieTest=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT";
    return on;
}

function onLoadOfPage() {
    if (!cookiesAreOn()) {
        gbid("lgnDiv").style.display = "none";
        gbid("cookieMsg").style.display = "";
        return;
    }
    setLayout();
    window.onresize = setLayout;
    var form = document.forms["logonForm"];
    if (!IsOwaPremiumBrowser()) {
        form.elements["flags"].value = "5";
    }
    // The page may have been opened with the place inside the application behind #.
    if (window.location.hash && form.elements["destination"].value.indexOf("#") < 0) {
        form.elements["destination"].value += window.location.hash;
    }
    var user = gbid("username");
    if (g_fFcs) {
        if (user.value) {
            gbid("password").focus();
        } else {
            user.focus();
        }
    }
    var button = document.querySelector(".signinbutton");
    button.onkeydown = function (event) {
        event = event || window.event;
        if (event.keyCode === 13 || event.keyCode === 32) {
            clkLgn();
            return false;
        }
        return true;
    };
}

function checkSubmit(event) {
    event = event || window.event;
    if (event && event.keyCode === 13) {
        clkLgn();
        return false;
    }
    return true;
}

// Shows the password in clear, or hides it again: two fields, of which one is seen.
function showPasswordClick() {
    var hidden = gbid("password");
    var shown = gbid("passwordText");
    if (gbid("showPasswordCheck").checked) {
        shown.value = hidden.value;
        shown.style.display = "inline";
        hidden.style.display = "none";
    } else {
        hidden.value = shown.value;
        shown.value = "";
        hidden.style.display = "inline";
        shown.style.display = "none";
    }
}

function clkLgn() {
    var form = document.forms["logonForm"];
    if (gbid("showPasswordCheck").checked) {
        gbid("password").value = gbid("passwordText").value;
        gbid("passwordText").value = "";
    }
    setCookie("PBack", "0");
    if (document.body) {
        document.body.style.cursor = "wait";
    }
    form.submit();
}

function clkRtry() {
    window.location.reload();
}
