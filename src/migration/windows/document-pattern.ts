// The document of a VM as a pattern: canonical JSON with places for the row's own figures and words.
import {
  DAY_LENGTH_MS,
  DAY_PLAIN_SUCCESS,
  DAY_WIDTH,
  FIGURE,
  WINDOW,
  WINDOW_WIDTH,
  type TextPart,
} from '../../kernels';
import { canonicalJson, DAY_MS, HOUR_MS } from '../../core';
import type { Run } from '../../predict';
import { tooLongReason } from './rank-windows';
import { WINDOW_SCHEMA } from './window-schema';

/** A value that the row fills in: its parts are printed as they are. */
class Place {
  constructor(readonly parts: readonly TextPart[]) {}
}

type Template =
  string | number | Place | readonly Template[] | { readonly [key: string]: Template | undefined };

/** Columns of texts, of codes, and lists of words, by position: what `TextRows` must hold. */
export const TEXTS = { vmId: 0, id: 1, given: 2 } as const;
export const CODES = {
  fiveMinuteModel: 0,
  hourlyModel: 1,
  mode: 2,
  notes: 3,
  reason: 4,
  revision: 5,
  costSource: 6,
  dayConverges: 7,
} as const;
export const WORDS = {
  models: 0,
  modes: 1,
  notes: 2,
  reasons: 3,
  revisions: 4,
  booleans: 5,
  costSources: 6,
} as const;
/** Of window `index`: whether it converges. */
export function convergesCode(index: number): number {
  return CODES.dayConverges + 1 + index;
}

/** Positions of patterns: with n windows, at n; then these. */
export function patternsOf(run: Run, windowsMax: number): readonly (readonly TextPart[])[] {
  const ranked = Array.from({ length: windowsMax + 1 }, (_, count) =>
    documentOf(run, {
      day: dayOf(word(WORDS.modes, CODES.mode), plainCause()),
      windows: Array.from({ length: count }, (__, index) => windowOf(index)),
    }),
  );
  const cause = quoted(tooLongReason('\u0000'), number(DAY_LENGTH_MS, 1, { over: HOUR_MS }));
  const tooLong = documentOf(run, {
    day: dayOf('do-not-migrate', cause),
    windows: [],
    reason: cause,
  });
  const reason = word(WORDS.reasons, CODES.reason);
  const abstained = documentOf(run, { windows: [], reason });
  return [...ranked, tooLong, abstained, new Place([{ text: TEXTS.given }])].map(partsOf);
}

export const PATTERN_AFTER = { tooLong: 1, abstained: 2, given: 3 } as const;

function documentOf(
  run: Run,
  own: {
    readonly day?: Template;
    readonly windows: readonly Template[];
    readonly reason?: Template;
  },
): Template {
  const { cutoffMs } = run.plan;
  const id = text(TEXTS.id);
  return {
    ...own,
    schema: WINDOW_SCHEMA,
    id,
    idempotencyKey: id,
    tenant: run.tenantId,
    runDate: run.runDate,
    vmId: text(TEXTS.vmId),
    revision: word(WORDS.revisions, CODES.revision),
    cutoffMs,
    expiresMs: cutoffMs + DAY_MS,
    models: {
      fiveMinute: word(WORDS.models, CODES.fiveMinuteModel),
      hourly: word(WORDS.models, CODES.hourlyModel),
    },
    policy: 'auto',
  };
}

function dayOf(mode: Template, cause: Template): Template {
  return {
    advice: { mode, cause },
    cost: costOf(0, CODES.dayConverges),
    loadPct: loadOf(0),
    windowLengthMs: number(DAY_LENGTH_MS, 0),
  };
}

function windowOf(index: number): Template {
  const from = DAY_WIDTH + index * WINDOW_WIDTH;
  return {
    advice: { mode: word(WORDS.modes, CODES.mode), cause: plainCause() },
    baselineLoadPct: number(FIGURE.loadMeanPct, 2),
    confidence: number(from + WINDOW.confidence, 3),
    cost: costOf(from, convergesCode(index)),
    latestStartMs: number(from + WINDOW.latestStartMs, 0),
    loadPct: loadOf(from),
    notAfterMs: number(from + WINDOW.notAfterMs, 0),
    notBeforeMs: number(from + WINDOW.notBeforeMs, 0),
    rank: index + 1,
    reasons: [loadReason(from), costReason(from), word(WORDS.notes, CODES.notes)],
    score: number(from + WINDOW.score, 4),
  };
}

function costOf(from: number, converges: number): Template {
  const pair = (p50: number): Template => ({
    p50: number(from + p50, 0),
    p95: number(from + p50 + 1, 0),
  });
  return {
    bytesSent: pair(FIGURE.bytesSentP50),
    converges: word(WORDS.booleans, converges),
    dirtySource: word(WORDS.costSources, CODES.costSource),
    downtimeMs: pair(FIGURE.downtimeMsP50),
    successProb: number(from + FIGURE.successProb, 3),
    totalTimeMs: pair(FIGURE.totalTimeMsP50),
  };
}

function loadOf(from: number): Template {
  return {
    mean: number(from + FIGURE.loadMeanPct, 2),
    p05: number(from + FIGURE.loadP05Pct, 2),
    p50: number(from + FIGURE.loadP50Pct, 2),
    p95: number(from + FIGURE.loadP95Pct, 2),
  };
}

function plainCause(): Place {
  const chance = number(DAY_PLAIN_SUCCESS, 0, { times: 100 });
  return quoted('plain pre-copy converges with \u0000 %', chance);
}

function loadReason(from: number): Place {
  return quoted(
    'median load \u0000 % against \u0000 % over the day; 19 times of 20 below \u0000 %',
    number(from + FIGURE.loadP50Pct, 1),
    number(FIGURE.loadP50Pct, 1),
    number(from + FIGURE.loadP95Pct, 1),
  );
}

function costReason(from: number): Place {
  return quoted(
    'about \u0000 s, 19 times of 20 below \u0000 s; pause about \u0000 ms, below \u0000 ms',
    number(from + FIGURE.totalTimeMsP50, 0, { over: 1_000 }),
    number(from + FIGURE.totalTimeMsP95, 0, { over: 1_000 }),
    number(from + FIGURE.downtimeMsP50, 0),
    number(from + FIGURE.downtimeMsP95, 0),
  );
}

function number(
  column: number,
  digits: number,
  unit: { readonly times?: number; readonly over?: number } = {},
): Place {
  return new Place([{ column, digits, ...unit }]);
}

/** A word is printed as it stands: its list holds JSON. */
function word(words: number, code: number): Place {
  return new Place([{ words, code }]);
}

/** Texts of this kind need no escape: ids are [A-Za-z0-9._:/-]. */
function text(column: number): Place {
  return new Place([{ literal: '"' }, { text: column }, { literal: '"' }]);
}

/** A JSON string in which each U+0000 is a place. */
function quoted(sentence: string, ...places: readonly Place[]): Place {
  const pieces = sentence.split('\u0000').map((piece) => JSON.stringify(piece).slice(1, -1));
  const parts = pieces.flatMap((piece, at): readonly TextPart[] => [
    ...(at === 0 ? [] : places[at - 1].parts),
    { literal: piece },
  ]);
  return new Place([{ literal: '"' }, ...parts, { literal: '"' }]);
}

/** As core's canonicalJson spells it: keys by code unit, no white space. Literals are joined. */
function partsOf(template: Template): readonly TextPart[] {
  const parts: TextPart[] = [];
  let literal = '';
  const put = (part: TextPart): void => {
    if ('literal' in part) {
      literal += part.literal;
      return;
    }
    if (literal !== '') parts.push({ literal });
    literal = '';
    parts.push(part);
  };
  const write = (value: Template): void => {
    if (value instanceof Place) value.parts.forEach(put);
    else if (Array.isArray(value)) list(value as readonly Template[]);
    else if (typeof value === 'object') members(value as Record<string, Template | undefined>);
    else put({ literal: canonicalJson(value) });
  };
  const list = (items: readonly Template[]): void => {
    items.forEach((item, at) => {
      put({ literal: at === 0 ? '[' : ',' });
      write(item);
    });
    put({ literal: items.length === 0 ? '[]' : ']' });
  };
  const members = (of: Readonly<Record<string, Template | undefined>>): void => {
    const keys = Object.keys(of)
      .filter((key) => of[key] !== undefined)
      .toSorted();
    keys.forEach((key, at) => {
      put({ literal: `${at === 0 ? '{' : ','}${JSON.stringify(key)}:` });
      write(of[key] as Template);
    });
    put({ literal: '}' });
  };
  write(template);
  if (literal !== '') parts.push({ literal });
  return parts;
}
