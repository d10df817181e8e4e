//! The hours of a week: seven texts of 24 characters, Sunday first, 1 = may sync.

use super::failure::Failure;

pub(super) const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Above the lines of `schedule get`: which hour is where. A remark, for [`from_lines`].
pub(super) const RULER: &str = "#   0      6      12     18";

/// One day as `schedule get` shows it.
pub(super) fn line(day: usize, hours: &str) -> String {
    let mut line = DAYS.get(day).copied().unwrap_or("?").to_owned();
    for (hour, open) in hours.chars().enumerate() {
        if hour % 6 == 0 {
            line.push(' ');
        }
        line.push(open);
    }
    line
}

/// The week of a file: seven lines, or 168 characters in a row. Names of days, spaces and remarks (#) may
/// stand around them.
pub(super) fn from_lines(text: &str) -> Result<Vec<String>, Failure> {
    let mut hours = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let line = line.trim().to_ascii_lowercase();
        let line = DAYS.iter().find_map(|day| line.strip_prefix(day)).unwrap_or(&line);
        let digits: String = line.chars().filter(|char| !char.is_whitespace()).collect();
        if !matches!(digits.len(), 0 | 24 | 168) || !digits.chars().all(|char| matches!(char, '0' | '1')) {
            return Err(wrong(&format!("{line:?} is not 24 times 0 or 1")));
        }
        hours.push_str(&digits);
    }
    if hours.len() != 168 {
        return Err(wrong(&format!("it has {} hours, not 168", hours.len())));
    }
    let mut rest = hours.chars();
    Ok(DAYS.iter().map(|_| rest.by_ref().take(24).collect()).collect())
}

/// The week in words: `mon-fri 0-8,18-24; sat,sun 0-24`, `daily 22-6`. What is not named is closed. Hours that
/// end before they begin go over midnight, into the next day.
pub(super) fn from_words(text: &str) -> Result<Vec<String>, Failure> {
    let mut open = [[false; 24]; 7];
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (days, hours) = part
            .split_once(char::is_whitespace)
            .ok_or_else(|| wrong(&format!("{part:?} is not days and hours, such as mon-fri 0-8")))?;
        let days = days_of(days)?;
        for span in hours.split(',').map(str::trim) {
            let (from, to) = span_of(span)?;
            for day in &days {
                let length = if from < to { to - from } else { to + 24 - from };
                for hour in from..from + length {
                    open[(day + hour / 24) % 7][hour % 24] = true;
                }
            }
        }
    }
    Ok(open.iter().map(|day| day.iter().map(|open| if *open { '1' } else { '0' }).collect()).collect())
}

fn days_of(text: &str) -> Result<Vec<usize>, Failure> {
    let day = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        DAYS.iter()
            .position(|day| *day == name)
            .ok_or_else(|| wrong(&format!("{name:?} is no day; days are {}, daily", DAYS.join(", "))))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        if part.eq_ignore_ascii_case("daily") {
            days.extend(0..7);
        } else if let Some((from, to)) = part.split_once('-') {
            let (from, to) = (day(from)?, day(to)?);
            let length = (to + 7 - from) % 7;
            days.extend((from..=from + length).map(|day| day % 7));
        } else {
            days.push(day(part)?);
        }
    }
    Ok(days)
}

/// From the beginning of an hour to the beginning of another.
fn span_of(text: &str) -> Result<(usize, usize), Failure> {
    let hour = |text: &str| {
        let text = text.trim();
        text.strip_suffix(":00").unwrap_or(text).parse::<usize>().ok().filter(|hour| *hour <= 24)
    };
    text.split_once('-')
        .and_then(|(from, to)| Some((hour(from)?, hour(to)?)))
        .filter(|(from, to)| from != to && *from < 24)
        .ok_or_else(|| wrong(&format!("{text:?} is not from one full hour to another, such as 8-18")))
}

fn wrong(why: &str) -> Failure {
    Failure::Usage(format!("the week cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(closed: &str, open: &[(usize, &str)]) -> Vec<String> {
        let mut week = vec![closed.to_owned(); 7];
        for (day, hours) in open {
            (*hours).clone_into(&mut week[*day]);
        }
        week
    }

    #[test]
    fn words_become_hours() {
        let closed = "0".repeat(24);
        let all = "1".repeat(24);
        let office = "0".repeat(8) + &"1".repeat(10) + &"0".repeat(6);
        let night = "1".repeat(6) + &"0".repeat(16) + "11";
        let late = "0".repeat(22) + "11";
        let early = "1".repeat(6) + &"0".repeat(18);
        for (words, week) in [
            ("", days(&closed, &[])),
            ("daily 0-24", days(&all, &[])),
            ("mon,TUE 8-18", days(&closed, &[(1, &office), (2, &office)])),
            ("sat-sun 8:00-18:00", days(&closed, &[(6, &office), (0, &office)])),
            ("daily 22-6", days(&night, &[])),
            ("sat 22-6", days(&closed, &[(6, &late), (0, &early)])),
            ("fri 0-6, 22-24;", days(&closed, &[(5, &night)])),
            ("sun-sat 22-0", days(&late, &[])),
        ] {
            assert_eq!(from_words(words).unwrap(), week, "{words}");
        }
    }

    #[test]
    fn lines_are_read_as_they_are_shown() {
        let week = from_words("mon-fri 0-8,18-24; sun 3-4").unwrap();
        let shown: Vec<_> = week.iter().enumerate().map(|(day, hours)| line(day, hours)).collect();
        assert_eq!(shown[0], "sun 000100 000000 000000 000000");
        assert_eq!(RULER.find("18"), Some(25), "{RULER}");
        let text = format!("{RULER}\n{}\n", shown.join("\n"));
        assert_eq!(from_lines(&text).unwrap(), week);
        assert_eq!(from_lines(&week.concat()).unwrap(), week);
        assert_eq!(from_lines(&week.join("\n")).unwrap(), week);
    }

    #[test]
    fn a_week_that_is_none_is_refused_with_the_reason() {
        let short = "1".repeat(23);
        for (error, part) in [
            (from_lines(""), "it has 0 hours"),
            (from_lines(&"1".repeat(24)), "it has 24 hours"),
            (from_lines(&short), "is not 24 times"),
            (from_lines(&"2".repeat(168)), "is not 24 times"),
            (from_words("mon"), "is not days and hours"),
            (from_words("mom 1-2"), "\"mom\" is no day"),
            (from_words("mon 1-25"), "\"1-25\" is not from one full hour"),
            (from_words("mon 5-5"), "\"5-5\" is not from"),
            (from_words("mon 24-5"), "\"24-5\" is not from"),
        ] {
            match error {
                Err(Failure::Usage(text)) => assert!(text.contains(part), "{text}"),
                other => panic!("{part}: {other:?}"),
            }
        }
    }
}
