//! From the file to the policy: everything that can be checked without a sync is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_saphyr::Location;

use super::file::{ApartPart, ExceptionPart, PolicyFile, SidePart, Text};
use super::mistake::Mistakes;
use super::{About, Apart, Domains, Exception, Named, Owner, Policy, Rule, Side};
use crate::baton::error::Result;
use crate::report::condition::Condition;
use crate::report::findings::{Severity, keys};

/// The only version there is.
const VERSION: u64 = 1;

pub(super) fn build(text: &str, source: &str, today: Date) -> Result<Policy> {
    let wrong = Mistakes { text, source };
    let meaningful = |line: &str| !matches!(line.trim(), "" | "---") && !line.trim_start().starts_with('#');
    let file: PolicyFile = if text.lines().any(meaningful) {
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| wrong.of(&error))?
    } else {
        PolicyFile::default()
    };
    if let Some(version) = file.version.filter(|version| version.value != VERSION) {
        let message = format!("version {} is not known", version.value);
        return Err(wrong.at(version.referenced, message, "this program knows version 1"));
    }
    let mut policy = Policy {
        source: source.to_owned(),
        today,
        ..Policy::default()
    };
    if let Some(span) = &file.limits.inactive {
        policy.limits.inactive = days(wrong, span)?;
    }
    if let Some(span) = &file.limits.credentials {
        policy.limits.credential = days(wrong, span)?;
    }
    policy.built_in = built_in(wrong, &file.built_in)?;
    if let Some(part) = file.allowed_domains {
        let mut allowed = Vec::new();
        for domain in part.domains {
            allowed.push(
                required(wrong, &domain, "a domain")?
                    .trim_start_matches('@')
                    .to_lowercase(),
            );
        }
        policy.domains = Some(Domains {
            allowed,
            severity: severity(wrong, part.severity.as_ref())?,
        });
    }
    for part in file.owners {
        policy.owners.push(Owner {
            of: named(wrong, &part.of, part.kind, part.env)?,
            owner: required(wrong, &part.owner, "an owner")?,
        });
    }
    let mut ids = BTreeSet::new();
    for part in file.rules {
        let about = about(
            wrong,
            &mut ids,
            (&part.id, part.title, part.severity.as_ref()),
            (part.why, part.what_to_do),
        )?;
        let when = condition(wrong, &part.when)?;
        policy.rules.push(Rule { about, when });
    }
    for part in file.apart {
        policy.apart.push(apart(wrong, &mut ids, part)?);
    }
    for part in file.exceptions {
        policy.exceptions.push(exception(wrong, &part)?);
    }
    Ok(policy)
}

fn built_in(wrong: Mistakes<'_>, given: &BTreeMap<String, Text>) -> Result<BTreeMap<String, Option<Severity>>> {
    let mut found = BTreeMap::new();
    for (key, word) in given {
        if !keys::ALL.contains(&key.as_str()) {
            let hint = format!("the findings are {}", keys::ALL.join(", "));
            return Err(wrong.at(word.referenced, format!("{key:?} is no finding of this program"), hint));
        }
        let is_off = word.value.trim().eq_ignore_ascii_case("off");
        let severity = match is_off {
            true => None,
            false => Some(severity(wrong, Some(word))?),
        };
        found.insert(key.clone(), severity);
    }
    Ok(found)
}

fn severity(wrong: Mistakes<'_>, word: Option<&Text>) -> Result<Severity> {
    let Some(word) = word else {
        return Ok(Severity::Medium);
    };
    Severity::of(&word.value).ok_or_else(|| {
        let message = format!("{:?} is not a severity", word.value);
        wrong.at(word.referenced, message, "severities are high, medium, low and info")
    })
}

fn required(wrong: Mistakes<'_>, text: &Text, what: &str) -> Result<String> {
    let trimmed = text.value.trim();
    match trimmed.is_empty() {
        true => Err(wrong.at(
            text.referenced,
            format!("{what} is missing"),
            "write it there, in quotes where it has blanks",
        )),
        false => Ok(trimmed.to_owned()),
    }
}

fn days(wrong: Mistakes<'_>, span: &Text) -> Result<u64> {
    let text = span.value.trim();
    let number = |unit: char, days: u64| {
        let digits = text.strip_suffix(unit)?;
        digits.trim().parse::<u64>().ok()?.checked_mul(days)
    };
    number('d', 1).or_else(|| number('w', 7)).ok_or_else(|| {
        let message = format!("{text:?} is not a span of days");
        wrong.at(span.referenced, message, "write it as 90d or 12w")
    })
}

fn condition(wrong: Mistakes<'_>, text: &Text) -> Result<Condition> {
    Condition::parse(&text.value).map_err(|error| {
        let hint = error.hint_text().map(str::to_owned).unwrap_or_default();
        wrong.at(text.referenced, format!("the condition cannot be read: {error}"), hint)
    })
}

fn named(wrong: Mistakes<'_>, text: &Text, kind: Option<String>, environment: Option<String>) -> Result<Named> {
    Ok(Named {
        text: required(wrong, text, "a name")?,
        kind,
        environment,
    })
}

fn about(
    wrong: Mistakes<'_>,
    ids: &mut BTreeSet<String>,
    (id, title, word): (&Text, Option<String>, Option<&Text>),
    (why, what_to_do): (Option<String>, Option<String>),
) -> Result<About> {
    let name = required(wrong, id, "an id")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.chars().all(plain) {
        let hint = "letters, digits, - _ and . make an id that stays readable everywhere";
        return Err(wrong.at(id.referenced, format!("{name:?} is not an id"), hint));
    }
    if !ids.insert(name.clone()) {
        return Err(wrong.at(
            id.referenced,
            format!("there are two rules {name:?}"),
            "give each an id of its own",
        ));
    }
    Ok(About {
        severity: severity(wrong, word)?,
        title: title.unwrap_or_else(|| name.clone()),
        why: why.unwrap_or_else(|| "The policy says that it must not be.".to_owned()),
        what_to_do: what_to_do.unwrap_or_else(|| "Take it away, or write an exception with a reason.".to_owned()),
        id: name,
    })
}

fn apart(wrong: Mistakes<'_>, ids: &mut BTreeSet<String>, part: ApartPart) -> Result<Apart> {
    let place = part.id.referenced;
    let about = about(
        wrong,
        ids,
        (&part.id, part.title, part.severity.as_ref()),
        (part.why, part.what_to_do),
    )?;
    let hint = "write nobody-holds-both with two of them, or no-member-of with reaches";
    let sides = match (part.nobody_holds_both, part.no_member_of, part.reaches) {
        (Some(both), None, None) => <[SidePart; 2]>::try_from(both).map_err(|both| {
            wrong.at(
                place,
                format!("nobody-holds-both names {} things instead of 2", both.len()),
                hint,
            )
        })?,
        (None, Some(group), Some(reached)) => [group, reached],
        _ => return Err(wrong.at(place, "it is not said what must not meet", hint)),
    };
    let [one, other] = sides;
    Ok(Apart {
        about,
        sides: [side(wrong, place, one)?, side(wrong, place, other)?],
    })
}

fn side(wrong: Mistakes<'_>, place: Location, part: SidePart) -> Result<Side> {
    if part.on.is_none() && part.when.is_none() {
        let hint = "name a thing (on: Billing) or write a condition (when: entitlement ~ admin)";
        return Err(wrong.at(place, "one of the two things is not named", hint));
    }
    if part.on.is_none() && (part.kind.is_some() || part.env.is_some()) {
        let hint = "type and env say which thing of a name is meant; conditions have resource-type and environment";
        return Err(wrong.at(place, "type and env stand without on", hint));
    }
    let on = match part.on {
        Some(on) => Some(named(wrong, &on, part.kind, part.env)?),
        None => None,
    };
    Ok(Side {
        on,
        entitlement: part.entitlement,
        when: part.when.as_ref().map(|when| condition(wrong, when)).transpose()?,
    })
}

fn exception(wrong: Mistakes<'_>, part: &ExceptionPart) -> Result<Exception> {
    let until = part.until.value.trim();
    let until: Date = until.parse().map_err(|_| {
        let message = format!("{until:?} is not a day");
        wrong.at(
            part.until.referenced,
            message,
            "write it as 2027-01-31; an exception always ends",
        )
    })?;
    Ok(Exception {
        finding: required(wrong, &part.finding, "the id of a finding")?,
        reason: required(wrong, &part.reason, "a reason")?,
        until,
    })
}
