//! What was reached, beside what was wanted.

use crate::measure::Latencies;

/// A figure to reach.
pub(crate) struct Goal {
    text: String,
    met: bool,
}

impl Goal {
    /// At most so much.
    pub(crate) fn at_most(text: &str, reached: f64, most: f64) -> Option<Self> {
        Some(Self { text: text.to_owned(), met: reached <= most })
    }

    /// At least so much.
    pub(crate) fn at_least(text: &str, reached: f64, least: f64) -> Option<Self> {
        Some(Self { text: text.to_owned(), met: reached >= least })
    }
}

/// Lines of the report, in order.
#[derive(Default)]
pub(crate) struct Report(Vec<(String, String, Option<Goal>)>);

impl Report {
    /// One line.
    pub(crate) fn line(&mut self, what: &str, reached: String, goal: Option<Goal>) {
        self.0.push((what.to_owned(), reached, goal));
    }

    /// The latencies of one round, and their ratio.
    pub(crate) fn compare(&mut self, round: usize, raw: &Latencies, full: &Latencies) {
        for percent in [50, 95, 99] {
            let (raw, full) = (raw.percentile(percent), full.percentile(percent));
            let ratio = full / raw;
            let goal = (percent == 50).then(|| Goal::at_most("1.5 × raw", ratio, 1.5)).flatten();
            let reached = format!("{ratio:.2} × raw ({full:.1} µs / {raw:.1} µs)");
            self.line(&format!("round {round}: latency p{percent}"), reached, goal);
        }
    }

    /// The calls per second of some time, and their ratio.
    pub(crate) fn throughput(&mut self, when: &str, raw: f64, full: f64) {
        let ratio = full / raw;
        let reached = format!("{ratio:.2} × raw ({full:.0}/s / {raw:.0}/s)");
        let goal = Goal::at_least("0.7 × raw", ratio, 0.7);
        self.line(&format!("{when}: calls on all cores"), reached, goal);
    }

    /// Prints everything.
    #[expect(clippy::print_stdout, reason = "printing is what a benchmark is for")]
    pub(crate) fn print(&self) {
        let width = self.0.iter().map(|(what, ..)| what.chars().count()).max().unwrap_or(0);
        for (what, reached, goal) in &self.0 {
            let goal = match goal {
                None => String::new(),
                Some(Goal { text, met: true }) => format!("   reached: {text}"),
                Some(Goal { text, met: false }) => format!("   MISSED:  {text}"),
            };
            println!("{what:width$}   {reached}{goal}");
        }
    }
}
