-- How often a redelivered message was tried. Raised before it is handled, so that one which crashes the process counts.

CREATE TABLE attempts (
    stream    text        NOT NULL,
    sequence  bigint      NOT NULL,
    attempts  integer     NOT NULL CHECK (attempts >= 1),
    raised_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stream, sequence)
);
