// Sentences of the API that speak to programs, as they are said beside the choices of this page. Pure.

const WORDS = [
  [/, bring the file again with \?region= and its two letters, as [A-Z]{2}(; else write them with a \+)?\./, ", say which."],
  [/, bring it again with \?encoding=/, ", say below how it is written"],
  [/, bring it with \?hasHeader=false/, ", say so"],
  [/: name it with \?numberColumn=/, ": choose it below"],
  [/ or set DEFAULT_REGION/, ""],
];

/** The same without addresses and settings. */
export const plainly = (text) => WORDS.reduce((said, [words, instead]) => said.replace(words, instead), text);

/** Whether a row was rejected because nobody knows its country. */
export const lacksCountry = (row) => row.reason.startsWith("no country code");
