//! The parser of expositions itself, which other checks rely on: whatever it takes, it takes again when written anew.

use std::fmt::Write;

use super::strict::{Family, Format, Kind, parse};

/// Reads `data` as an exposition of either format.
pub(crate) fn check(data: &[u8]) {
    for format in [Format::Text, Format::OpenMetrics] {
        let Ok(families) = parse(data, format) else { continue };
        let written = write(&families, format);
        let again = parse(written.as_bytes(), format).unwrap_or_else(|fault| panic!("{fault} in {written}"));
        // A number that is none equals nothing, so the written forms are compared.
        assert_eq!(write(&again, format), written);
        assert_eq!(families.len(), again.len());
    }
}

fn write(families: &[Family], format: Format) -> String {
    let mut out = String::new();
    let plain = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n");
    let quoted = |text: &str| plain(text).replace('"', "\\\"");
    for Family { name, help, kind, unit, samples } in families {
        let help = if format == Format::Text { plain(help) } else { quoted(help) };
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        if let Some(unit) = unit {
            let _ = writeln!(out, "# UNIT {name} {unit}");
        }
        for sample in samples {
            let labels: Vec<String> =
                sample.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(out, "{}{labels} {}", sample.name, sample.written);
        }
    }
    if format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}
