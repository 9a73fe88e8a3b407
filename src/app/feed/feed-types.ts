// TypeScript types of the feed's documents, made of their JSON Schemas, for programs that read it.
import { outcomeEventJsonSchema, windowJsonSchema } from '../../migration';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

/** A file of its own: it imports nothing. */
export function feedTypes(): string {
  return [
    '// Documents of the Slackwater feed. Made by "slackwater feed types"; do not edit.',
    '// A reader ignores members that it does not know: a later release may add some.',
    '',
    `/** lm.windows.v1: the newest list of windows of a VM. */`,
    `export type WindowDocument = ${typeOf(windowJsonSchema(), '')};`,
    '',
    `/** lm.outcomes.v1: what became of a migration. */`,
    `export type OutcomeDocument = ${typeOf(outcomeEventJsonSchema(), '')};`,
    '',
  ].join('\n');
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(one, indent)).join(' | ');
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'array':
      return `readonly (${typeOf(schema.items as Schema, indent)})[]`;
    case 'object':
      return objectType(schema, indent);
    default:
      throw new TypeError(`a schema of '${schema.type}' has no TypeScript type here`);
  }
}

function objectType({ properties = {}, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, schema]) => {
    const note = schema.description === undefined ? '' : `${inner}/** ${schema.description} */\n`;
    const mark = required.includes(name) ? '' : '?';
    return `${note}${inner}readonly ${name}${mark}: ${typeOf(schema, inner)};`;
  });
  return `{\n${members.join('\n')}\n${indent}}`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
