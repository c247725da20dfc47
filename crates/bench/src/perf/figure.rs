//! Measurements, and what they come to.

use std::fmt;

use serde_json::{Value, json};

/// Whether a goal is met from below or from above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// It is told, not judged.
    None,
}

impl Goal {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::None => f.write_str("-"),
        }
    }
}

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// `P1` …
    pub name: &'static str,
    /// What was measured.
    pub what: &'static str,
    /// Of the two values.
    pub unit: &'static str,
    /// What nothing can be better than here, measured around the system; none where the value itself is judged.
    pub floor: Option<f64>,
    /// The system.
    pub system: f64,
    /// For the ratio of system to floor, or for the value where there is no floor.
    pub goal: Goal,
}

impl Sample {
    fn judged(&self) -> f64 {
        self.floor.map_or(self.system, |floor| self.system / floor)
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {:.2} {}", self.name, self.what, self.system, self.unit)?;
        match self.floor {
            Some(floor) => write!(f, ", floor {floor:.2}, ratio {:.2}", self.judged()),
            None => Ok(()),
        }
    }
}

/// The median of some values, with the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// Half are below.
    median: f64,
    /// The least.
    least: f64,
    /// The greatest.
    greatest: f64,
}

impl Spread {
    /// None of no values.
    fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Self {
            median,
            least,
            greatest,
        })
    }

    fn to_json(self) -> Value {
        json!({ "median": self.median, "min": self.least, "max": self.greatest })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.least, self.greatest)
    }
}

/// All measurements of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// `P1` …
    pub name: &'static str,
    what: &'static str,
    unit: &'static str,
    floor: Option<Spread>,
    system: Spread,
    judged: Spread,
    goal: Goal,
}

impl Figure {
    /// One for each thing that was measured, in the order in which they first appear.
    pub fn all(samples: &[Sample]) -> Vec<Self> {
        let mut kinds: Vec<&Sample> = Vec::new();
        for sample in samples {
            let same = |kind: &&Sample| (kind.name, kind.what) == (sample.name, sample.what);
            if !kinds.iter().any(same) {
                kinds.push(sample);
            }
        }
        let figure = |kind: &Sample| {
            let same = || {
                samples
                    .iter()
                    .filter(|sample| (sample.name, sample.what) == (kind.name, kind.what))
            };
            Some(Self {
                name: kind.name,
                what: kind.what,
                unit: kind.unit,
                floor: Spread::of(same().filter_map(|sample| sample.floor)),
                system: Spread::of(same().map(|sample| sample.system))?,
                judged: Spread::of(same().map(Sample::judged))?,
                goal: kind.goal,
            })
        };
        kinds.into_iter().filter_map(figure).collect()
    }

    /// For scripts.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "floor": self.floor.map(Spread::to_json),
            "system": self.system.to_json(),
            "ratio": self.floor.map(|_| self.judged.to_json()),
            "goal": self.goal.to_string(),
            "met": self.goal.met(self.judged.median),
        })
    }
}

/// All figures, one line each.
pub fn table(figures: &[Figure]) -> String {
    let mut lines = vec![line(["", "what", "floor", "system", "ratio", "goal", ""])];
    for figure in figures {
        let with_unit = |spread: Spread| format!("{spread} {}", figure.unit);
        lines.push(line([
            figure.name,
            figure.what,
            &figure.floor.map_or_else(String::new, with_unit),
            &with_unit(figure.system),
            &figure
                .floor
                .map_or_else(String::new, |_| figure.judged.to_string()),
            &figure.goal.to_string(),
            match figure.goal {
                Goal::None => "",
                goal if goal.met(figure.judged.median) => "met",
                _ => "missed",
            },
        ]));
    }
    lines.join("\n")
}

fn line([name, what, floor, system, ratio, goal, verdict]: [&str; 7]) -> String {
    format!("{name:<4} {what:<42} {floor:<36} {system:<36} {ratio:<20} {goal:<8} {verdict}")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(floor: Option<f64>, system: f64, goal: Goal) -> Sample {
        Sample {
            name: "P0",
            what: "something",
            unit: "/s",
            floor,
            system,
            goal,
        }
    }

    #[test]
    fn the_middle_one_counts_and_of_two_the_mean() {
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.median, spread.least, spread.greatest), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of([1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_ratio_is_judged_where_there_is_a_floor_and_the_value_elsewhere() {
        let ratio = sample(Some(100.0), 70.0, Goal::AtLeast(0.6));
        let value = Sample {
            name: "P9",
            ..sample(None, 70.0, Goal::AtMost(60.0))
        };
        let figures = Figure::all(&[ratio.clone(), value, ratio]);
        assert_eq!(figures.len(), 2);
        assert_eq!(figures[0].to_json()["ratio"]["median"], 0.7);
        let table = table(&figures);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[1].ends_with("≥ 0.6    met"), "{table}");
        assert!(lines[2].ends_with("≤ 60     missed"), "{table}");
    }
}
