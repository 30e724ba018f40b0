//! What is different about an account, by everything its user trait and its status say.

use super::Noted;
use super::bare::Bare;
use crate::baton::proto::v2;
use crate::report::thing::{account_type, primary, status_of};

/// Takes something out of a user trait.
type Forget = fn(&mut v2::UserTrait);

/// Notes what differs, and takes it out of both.
pub(super) fn compare(noted: &mut Noted, before: &mut Bare, now: &mut Bare) {
    let status = |bare: &Bare| status_of(&bare.resource, bare.user.as_ref());
    let (was, is) = (status(before), status(now));
    let default = v2::UserTrait::default();
    let (a, b) = (
        before.user.as_ref().unwrap_or(&default),
        now.user.as_ref().unwrap_or(&default),
    );
    let [mail, mail_now] = [primary(&a.emails), primary(&b.emails)].map(Option::unwrap_or_default);
    let has_mails = noted.note("e-mail", mail, mail_now) | noted.note("other e-mail", &others(a), &others(b));
    let has_login = noted.note("login", &a.login, &b.login);
    let has_aliases = noted.note(
        "login aliases",
        &a.login_aliases.join(", "),
        &b.login_aliases.join(", "),
    );
    let has_status = noted.note("status", was, is);
    let has_type = noted.note(
        "account type",
        account_type(a.account_type()),
        account_type(b.account_type()),
    );
    let has_ids = noted.note("employee ids", &a.employee_ids.join(", "), &b.employee_ids.join(", "));
    let has_mfa = noted.note(
        "MFA",
        switched(a.mfa_status.as_ref().map(|s| s.mfa_enabled)),
        switched(b.mfa_status.as_ref().map(|s| s.mfa_enabled)),
    );
    let has_sso = noted.note(
        "SSO",
        switched(a.sso_status.as_ref().map(|s| s.sso_enabled)),
        switched(b.sso_status.as_ref().map(|s| s.sso_enabled)),
    );
    let has_activity = noted.add(
        "last activity",
        &time(a.last_login.as_ref()),
        &time(b.last_login.as_ref()),
        true,
    );
    for bare in [before, now] {
        if has_status {
            bare.resource.status = None;
        }
        let Some(user) = bare.user.as_mut() else { continue };
        let has: [(bool, Forget); 9] = [
            (has_mails, |user| user.emails.clear()),
            (has_login, |user| user.login.clear()),
            (has_aliases, |user| user.login_aliases.clear()),
            (has_status, |user| user.status = None),
            (has_type, |user| user.account_type = 0),
            (has_ids, |user| user.employee_ids.clear()),
            (has_mfa, |user| user.mfa_status = None),
            (has_sso, |user| user.sso_status = None),
            (has_activity, |user| user.last_login = None),
        ];
        for (_, take) in has.iter().filter(|(is_noted, _)| *is_noted) {
            take(user);
        }
    }
}

/// The addresses beside the primary one.
fn others(user: &v2::UserTrait) -> String {
    let first = primary(&user.emails);
    let addresses = user.emails.iter().map(|email| email.address.as_str());
    let others: Vec<&str> = addresses.filter(|address| Some(*address) != first).collect();
    others.join(", ")
}

fn switched(on: Option<bool>) -> &'static str {
    match on {
        Some(true) => "on",
        Some(false) => "off",
        None => "",
    }
}

fn time(at: Option<&prost_types::Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}
