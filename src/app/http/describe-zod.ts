// OpenAPI from the zod schemas that check the requests, and the problem that every operation may answer.
import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiQuery, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { ERRORS } from '../../core';
import { PROBLEM_TYPE } from './problem.filter';

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/** Every key of the schema as a query parameter. */
export function ApiZodQuery(schema: z.ZodType): MethodDecorator {
  const { properties = {}, required = [] } = jsonOf(schema) as ObjectSchema;
  const parameters = Object.entries(properties).map(([name, one]) =>
    ApiQuery({ name, required: required.includes(name), schema: one as never }),
  );
  return applyDecorators(...parameters);
}

export function ApiZodBody(schema: z.ZodType): MethodDecorator {
  return ApiBody({ schema: jsonOf(schema) as never });
}

/** The document with a schema of problems as the default answer of every operation. */
export function describeProblems(document: OpenAPIObject): OpenAPIObject {
  const text = { type: 'string' };
  const properties = {
    type: { type: 'string', format: 'uri' },
    title: text,
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    detail: text,
    remedy: text,
    instance: text,
    field: text,
  };
  const required = Object.keys(properties).filter((name) => name !== 'field');
  const schema = { type: 'object', required, properties } as const;
  const description = 'A problem (RFC 9457)';
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const path of Object.values(document.paths)) {
    for (const operation of [path.get, path.put, path.post, path.delete]) {
      if (operation !== undefined) operation.responses.default = { description, content };
    }
  }
  const { schemas } = document.components ?? {};
  return {
    ...document,
    components: { ...document.components, schemas: { ...schemas, Problem: schema as never } },
  };
}

function jsonOf(schema: z.ZodType): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json;
}
