import { describe, expect, it } from '@jest/globals';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { attribute } from './conventions.js';

describe('names of attributes', () => {
  const known = new Set<unknown>(Object.entries(conventions).flatMap(([name, value]) => (name.startsWith('ATTR_') ? [value] : [])));

  it.each(Object.values(attribute).filter((name) => !name.startsWith('tongbao.')))('%s is a name of the semantic conventions', (name) => {
    expect(known).toContain(name);
  });
});
