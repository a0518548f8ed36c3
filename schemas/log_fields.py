"""Every field of a log line: its name, and what it means. One name, one thing, in all processes."""

from typing import Final

# In each line.
ALWAYS: Final = {
    "at": "when: ISO 8601, UTC",
    "level": "`debug`, `info`, `warning`, `error` or `critical`",
    "event": "what happened: a fixed sentence, to search for",
    "process": "`gateway`, `daemon` or `sandbox`",
}

# Where the line belongs: in each line that is about it, given by the surroundings.
CONTEXT: Final = {
    "trace": "id of the request: the gateway's lines have the one that is served, a daemon's the"
    " one that made the job (`X-Request-Id`, or the trace id of `traceparent`)",
    "job_id": "the job",
    "loop": "the loop of it, from 1",
    "phone_number_id": "the sending number's id at Meta",
}

# What an event tells beyond that.
DETAILS: Final = {
    "accepted": "recipients that were taken",
    "added": "numbers that are new on the suppression list",
    "answer": "what came back",
    "bytes": "size of a body",
    "changed": "numbers whose row of the suppression list has changed",
    "code": "Meta's error code",
    "consumer": "of JetStream",
    "details": "in the words of whom it is about",
    "display_number": "the sending number, as Meta shows it",
    "do": "what to do",
    "duplicates": "recipients that came more than once",
    "error": "what went wrong",
    "errors": "how many messages failed, by Meta's code",
    "exception": "the traceback of a bug",
    "failed": "messages",
    "graph": "where messages go",
    "items": "statuses, messages or news",
    "job_trace": "the id of the request that made the job, where `trace` is another's",
    "jobs": "how many",
    "left": "messages of the loop that wait to be sent",
    "limit": "the messaging limit, as Meta says it",
    "limit_bytes": "the most that is taken",
    "limited_by": "what holds the number back",
    "logger": "the library that said it",
    "lines": "of an upload",
    "loop_size": "messages in a loop",
    "loops": "of the job",
    "max_bytes": "of the stream",
    "message_id": "Meta's, of a message; whoever decodes it finds the number in it",
    "messages": "how many",
    "messages_per_second": "the pace that is set",
    "method": "of HTTP",
    "migration": "its file",
    "ms": "how long it took, milliseconds",
    "news": "in a sentence",
    "owner": "name of the API key; `local` where there are none",
    "pause_ms": "between two loops",
    "people": "how many",
    "per_second": "messages a second",
    "points": "fail points",
    "reason": "why",
    "rejected": "recipients that were not taken",
    "replicas": "of the stream",
    "room_in_minutes": "until somebody may be written to again",
    "route": "pattern of the path, never the path itself",
    "scope": "what a stop stops: `job`, `template`, `number` or `account`",
    "seconds": "how long",
    "sent": "messages",
    "seq": "of the message within its job, from 1; of an event within its stream",
    "server": "its address, without a password",
    "should_be": "what it would be with enough room",
    "size": "messages of the loop",
    "skipped": "messages",
    "sources": "who had asked for no messages: `recipient`, `meta`, `operator`",
    "state": "of the job",
    "status": "of HTTP",
    "still_unknown": "messages of the job",
    "stream": "of JetStream",
    "template": "its name",
    "title": "Meta's name for the error",
    "to": "a recipient, all but the last four digits hidden",
    "unknown": "messages",
    "unsaid": "how often the same has happened since it was said last, ten seconds ago or more",
    "url": "an address of ours",
    "was": "before",
    "what": "which event of Meta's",
    "whole": "whether all of it was taken",
    "why": "in a few words",
}

FIELDS: Final = {**ALWAYS, **CONTEXT, **DETAILS}
