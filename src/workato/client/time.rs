//! Times as the API writes them. The documented form is ISO 8601 with an offset or `Z`; the others are those in which
//! Rails, Ruby and HTTP write times when nobody asks for ISO.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::Offset;

/// Times without a day of the month first or last, as Ruby writes them; the zone is taken off before.
const FORMS: [&str; 5] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%a, %d %b %Y %H:%M:%S%.f",
    "%d %b %Y %H:%M:%S%.f",
    "%a %b %d %H:%M:%S %Y",
];

/// The moment that a text means; `None` for a form that is not known. A time without a zone is one of UTC. A number of
/// ten digits counts seconds since 1970, one of thirteen milliseconds: no other number is taken for a time.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        return match text.len() {
            10 => Timestamp::from_second(number).ok(),
            13 => Timestamp::from_millisecond(number).ok(),
            _ => None,
        };
    }
    if let Ok(at) = DateTimeParser::new().parse_timestamp(text) {
        return Some(at);
    }
    let (local, offset) = zone(text);
    let at = civil(&local)?;
    offset.to_timestamp(at).ok()
}

/// The text without its zone, and the zone: the last offset, else UTC. `UTC`, `GMT` and a second, equal offset, as Go
/// writes it, say nothing more.
fn zone(text: &str) -> (String, Offset) {
    let mut found = None;
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        match word.to_ascii_uppercase().as_str() {
            "UTC" | "GMT" | "Z" => {
                found.get_or_insert(Offset::UTC);
            }
            _ => match offset(word) {
                // Before the time there are no offsets.
                Some(offset) if words.iter().any(|word| word.contains(':')) => {
                    if found.is_none() || found == Some(Offset::UTC) {
                        found = Some(offset);
                    }
                }
                _ => words.push(word),
            },
        }
    }
    (words.join(" "), found.unwrap_or(Offset::UTC))
}

/// `-0700`, `-07:00`, `+07`.
fn offset(word: &str) -> Option<Offset> {
    let sign = match word.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let digits: String = word.get(1..)?.chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits
        .get(2..)
        .filter(|m| !m.is_empty())
        .map_or(Ok(0), str::parse)
        .ok()?;
    (minutes < 60).then_some(())?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A date and time without a zone; a date alone is its first moment.
fn civil(text: &str) -> Option<DateTime> {
    let dashed = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => format!("{} {time}", date.replace('/', "-")),
        None => text.replace('/', "-"),
    };
    if let Ok(at) = dashed.parse() {
        return Some(at);
    }
    let all = FORMS.iter().flat_map(|form| [(form, dashed.as_str()), (form, text)]);
    all.into_iter()
        .find_map(|(form, text)| DateTime::strptime(form, text).ok())
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn forms_that_occur_mean_the_same_moment() {
        for text in [
            "2024-08-02T13:35:11Z",
            "2024-08-02t13:35:11z",
            "2024-08-02T13:35:11.000Z",
            " 2024-08-02T13:35:11Z ",
            "2024-08-02T06:35:11-07:00",
            "2024-08-02T06:35:11-0700",
            "2024-08-02T06:35:11 -0700",
            "2024-08-02T19:05:11+05:30",
            "2024-08-02T13:35:11",
            "2024-08-02 13:35:11",
            "2024-08-02 13:35:11Z",
            "2024-08-02 13:35:11 UTC",
            "2024-08-02 13:35:11 utc",
            "2024-08-02 13:35:11 GMT",
            "2024-08-02 13:35:11 +0000 UTC",
            "2024-08-02 06:35:11 -0700",
            "2024-08-02 06:35:11 -07:00",
            "2024-08-02 06:35:11 -07",
            "2024-08-02 06:35:11.000 -0700 -0700",
            "2024-08-02 13:35:11.000000 UTC",
            "2024/08/02 06:35:11 -0700",
            "2024/08/02 13:35:11",
            "20240802T133511Z",
            "Fri, 02 Aug 2024 13:35:11 GMT",
            "Fri, 2 Aug 2024 13:35:11 +0000",
            "Fri, 02 Aug 2024 06:35:11 -0700",
            "Fri, 02 Aug 2024 13:35:11 UTC",
            "Fri, 02 Aug 2024 13:35:11.000000000 UTC +00:00",
            "02 Aug 2024 13:35:11 +0000",
            "Fri Aug  2 13:35:11 2024",
            "Fri Aug 02 13:35:11 UTC 2024",
            "Fri Aug 02 06:35:11 -0700 2024",
            "1722605711",
            "1722605711000",
        ] {
            let at = timestamp(text).unwrap_or_else(|| panic!("{text} is not understood"));
            assert_eq!(at.to_string(), "2024-08-02T13:35:11Z", "{text}");
        }
        let exact = timestamp("2024-08-02 13:35:11.691 -0700").unwrap();
        assert_eq!(exact.to_string(), "2024-08-02T20:35:11.691Z");
        assert_eq!(timestamp("2024-08-02").unwrap().to_string(), "2024-08-02T00:00:00Z");
        assert_eq!(
            timestamp("2024-08-02 13:35").unwrap().to_string(),
            "2024-08-02T13:35:00Z"
        );
    }

    #[test]
    fn what_could_mean_several_moments_means_none() {
        for text in [
            "",
            "yesterday",
            "3 days ago",
            "02/08/2024 13:35:11",
            "08/02/2024",
            "2024-08-02 13:35:11 PST",
            "2024-08-02 13:35:11 Berlin",
            "2024-13-02T13:35:11Z",
            "2024-08-02T25:35:11Z",
            "2024-08-02 13:35:11 -9900",
            "13:35:11",
            "2024",
            "17226057110",
            "1722605711.5",
            "-1722605711",
            "true",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }
}
