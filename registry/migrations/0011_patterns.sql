-- Ways of working that were tried: what came of them, by number, and how far they may be recommended.

-- One row for each pattern and anti-pattern. `uses` and `successes` are counted; nothing stands there
-- where nobody counted. `tier` is the best it may have; its numbers can only hold it below that.
CREATE TABLE patterns (
    id          TEXT    PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    kind        TEXT    NOT NULL CHECK (kind IN ('pattern', 'anti')),
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    -- Words it is recognised by, and words that say its fault is not there: lower case, whole.
    applies_to  TEXT    NOT NULL CHECK (json_type(applies_to) = 'array'),
    lifted_by   TEXT    NOT NULL CHECK (json_type(lifted_by) = 'array'),
    trade_offs  TEXT    NOT NULL,
    -- What simpler way was considered.
    simpler     TEXT    NOT NULL,
    evidence    TEXT    NOT NULL,
    -- What to do instead of an anti-pattern.
    better      TEXT    NOT NULL,
    uses        INTEGER CHECK (uses >= 0),
    successes   INTEGER CHECK (successes BETWEEN 0 AND uses),
    tier        TEXT    NOT NULL CHECK (tier IN ('first', 'second', 'third', 'anti')),
    origin      TEXT    NOT NULL CHECK (origin IN ('seeded', 'learned')),
    at          INTEGER NOT NULL,
    CHECK ((uses IS NULL) = (successes IS NULL)),
    CHECK ((kind = 'anti') = (tier = 'anti')),
    CHECK (kind = 'pattern' OR (evidence <> '' AND better <> ''))
) STRICT, WITHOUT ROWID;

-- What technologies were good for. `claimed_bp` is a share of successes, in basis points, that somebody
-- wrote down without saying of how many uses: it is shown and counts for nothing.
CREATE TABLE tech_matrix (
    technology TEXT    PRIMARY KEY CHECK (length(technology) BETWEEN 1 AND 64),
    uses       INTEGER CHECK (uses >= 0),
    successes  INTEGER CHECK (successes BETWEEN 0 AND uses),
    claimed_bp INTEGER CHECK (claimed_bp BETWEEN 0 AND 10000),
    note       TEXT    NOT NULL,
    origin     TEXT    NOT NULL CHECK (origin IN ('seeded', 'learned')),
    at         INTEGER NOT NULL,
    CHECK ((uses IS NULL) = (successes IS NULL))
) STRICT, WITHOUT ROWID;

-- One row for each use somebody has told of. An invocation counts once for each subject.
CREATE TABLE pattern_uses (
    id         INTEGER PRIMARY KEY,
    subject    TEXT    NOT NULL CHECK (subject IN ('pattern', 'technology')),
    name       TEXT    NOT NULL,
    good       INTEGER NOT NULL CHECK (good IN (0, 1)),
    invocation BLOB    CHECK (length(invocation) = 16),
    actor      TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pattern_uses_once ON pattern_uses (subject, name, invocation) WHERE invocation IS NOT NULL;

INSERT INTO patterns
    (id, kind, name, description, applies_to, lifted_by, trade_offs, simpler, evidence, better,
     uses, successes, tier, origin, at)
VALUES
    ('modular-scraper', 'pattern', 'One module for each source',
     'Each source that is read has a module of its own behind one interface, so that a source that changes breaks one module.',
     '["scraper","scrapers","scraping","scrape","crawler","crawl","source","sources","parser","modular","module"]', '[]',
     'More files, and an interface to agree on before the first result.',
     'One script for all sources; every change of one source was a change for all.',
     'Used 12 times with a stated rate of 95 %; counted as 11 successes, rounded down.', '',
     12, 11, 'first', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('database-first', 'pattern', 'The state in one SQLite file',
     'State that must outlive the process lies in one SQLite database with a schema; modules share it and pass no files around.',
     '["database","databases","sqlite","sql","persistence","persistent","persist","storage","store","state"]', '[]',
     'One writer at a time; not for many that write at once, nor far beyond a million rows.',
     'JSON files; they had no transactions, and two writers lost each other''s changes.',
     'Used 15 times, 15 of them with success.', '',
     15, 15, 'first', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('rules-and-model', 'pattern', 'Rules first, a model for the rest',
     'Rules decide what they can decide with certainty; a model is asked only for what is left, and rules stand in when it fails.',
     '["ai","llm","model","rules","hybrid","classify","classification","fallback","heuristic","heuristics"]', '[]',
     'Two things to maintain, and a border between them that has to be measured.',
     'Rules alone; they left too much undecided.',
     'Used 8 times with a stated rate of 90 %; counted as 7 successes, rounded down.', '',
     8, 7, 'second', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('complete-command-line', 'pattern', 'Everything from the command line',
     'Whatever the program can do, a command does, with text for people, JSON for programs, and exit codes that say what happened.',
     '["cli","command","commands","terminal","shell","console","subcommand"]', '[]',
     'Commands are a contract: names and output have to be kept.',
     'A configuration file that is edited and reread; it could not be scripted or tested.',
     'Used 10 times with a stated rate of 95 %; counted as 9 successes, rounded down.', '',
     10, 9, 'first', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('graceful-degradation', 'pattern', 'Less instead of nothing',
     'When a part fails, the rest goes on with less and says which part is missing; nothing is made up in its place.',
     '["degradation","degraded","resilience","resilient","failure","failures","outage","fallback","offline","timeout","retry"]', '[]',
     'Every part needs an answer to the question what holds without it, and tests for that.',
     'Failing as a whole; one source that was down took everything with it.',
     'Used 10 times with a stated rate of 95 %; counted as 9 successes, rounded down.', '',
     10, 9, 'first', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('local-sentiment', 'pattern', 'Sentiment from a local lexicon',
     'The mood of a text is computed from a lexicon on this machine, without a service and without a model.',
     '["sentiment","mood","opinion","lexicon","polarity"]', '[]',
     'Blind to irony and to words of a trade; a weak signal beside others, not one to act on.',
     'No sentiment at all; it is what remains when the signal is not worth its noise.',
     'Used 3 times with a stated rate of 37 %; counted as 1 success, rounded down.', '',
     3, 1, 'third', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('model-without-fallback', 'anti', 'A model and nothing behind it',
     'The answer comes from a model alone: where it is slow, wrong or not to be had, there is no answer.',
     '["ai","llm","gpt","model","neural","generative"]',
     '["fallback","fallbacks","rules","deterministic","offline","local","without"]',
     'Quick to build.', '', 'Recorded after a service that was not to be had stopped everything behind it.',
     'Let rules decide what they can, ask the model for the rest, and say what is answered when it fails.',
     NULL, NULL, 'anti', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('hard-filter', 'anti', 'A hard filter where a weight would do',
     'A signal that is only likely shuts candidates out for good, so that one wrong reading loses them.',
     '["hard","filter","filters","cutoff","threshold","blacklist","veto"]',
     '["weight","weights","weighted","soft","modifier","modifiers","score"]',
     'Simple to explain.', '', 'Recorded after filters had shut out what later turned out to be the best.',
     'Let the signal move a score up or down, and decide on the sum.',
     NULL, NULL, 'anti', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ('built-not-wired', 'anti', 'Built and never wired in',
     'Something is written, listed and described, and nothing calls it.',
     '["stub","placeholder","unimplemented","todo","unwired","unused","planned","future"]', '[]',
     'Looks like progress.', '', 'Recorded with a success rate of nothing: what is not reached helps nobody.',
     'Wire the first use in before the second feature is begun, and take out what nothing calls.',
     NULL, NULL, 'anti', 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER));

INSERT INTO tech_matrix (technology, claimed_bp, note, origin, at)
SELECT value ->> 0, value ->> 1, value ->> 2, 'seeded', CAST(unixepoch('subsec') * 1000 AS INTEGER)
FROM json_each('[
    ["sqlite", 10000, "to about a million rows; not for many that write at once"],
    ["git", 10000, ""],
    ["python", 9500, ""],
    ["modular scrapers", 9500, "the pattern modular-scraper has counted uses"],
    ["rules and model", 9000, "the pattern rules-and-model has counted uses"],
    ["typescript", 8500, ""],
    ["validation by several sources", 7500, ""],
    ["scraping", 6000, "sites change"],
    ["technical analysis", 4000, ""],
    ["sentiment", 3700, "the pattern local-sentiment has counted uses"],
    ["features nothing calls", 0, "the anti-pattern built-not-wired"]
]');

-- Capabilities are compared with anti-patterns when they are loaded: all are loaded again.
CREATE TRIGGER patterns_anti_added AFTER INSERT ON patterns WHEN NEW.kind = 'anti' BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance);
END;
CREATE TRIGGER patterns_anti_changed AFTER UPDATE OF id, kind, applies_to, lifted_by ON patterns BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance);
END;
CREATE TRIGGER patterns_anti_removed AFTER DELETE ON patterns WHEN OLD.kind = 'anti' BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance);
END;
