// docs/configuration.md, made from the schema; a test fails when it is stale.
import { z } from 'zod';
import { SETTINGS, type Setting } from './schema';

export function configDocs(): string {
  const rows = Object.entries(SETTINGS).map(([name, one]: [string, Setting]) => {
    const { accepted, fallback } = shapeOf(one.schema);
    const secret = one.secret === true ? ` Also from the file \`${name}_FILE\`.` : '';
    return `| \`${name}\` | ${accepted} | ${fallback} | ${one.description}${secret} |`;
  });
  return [
    '# Configuration',
    '',
    'Read once at start from the environment; all problems are reported together. This page is',
    'generated: `node dist/cli.js config --docs > docs/configuration.md`.',
    '',
    '| name | accepted | default | what it does |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

interface JsonShape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly anyOf?: readonly JsonShape[];
}

function shapeOf(schema: z.ZodType): { accepted: string; fallback: string } {
  const shape = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as JsonShape;
  const fallback = shape.default === undefined ? 'none' : `\`${String(shape.default)}\``;
  return { accepted: acceptedOf(shape), fallback };
}

function acceptedOf(shape: JsonShape): string {
  if (shape.anyOf !== undefined) return shape.anyOf.map((one) => acceptedOf(one)).join(' or ');
  if (shape.const !== undefined) return `\`${shape.const}\``;
  if (shape.enum !== undefined) return shape.enum.map((value) => `\`${value}\``).join(', ');
  if (shape.type === 'integer') return `${shape.minimum} to ${shape.maximum}`;
  return shape.pattern === undefined
    ? 'text'
    : `text like \`${shape.pattern.replaceAll('|', '\\|')}\``;
}
