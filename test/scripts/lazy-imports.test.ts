import { describe, expect, it } from 'vitest';

import { deferred } from '../../scripts/lazy-imports.js';

/** What a module exports whose imports are deferred, and what it has required by the time that each line ran. */
function run(code: string, modules: Readonly<Record<string, unknown>>) {
  const required: string[] = [];
  const exports: Record<string, unknown> = {};
  const load = (name: string): unknown => {
    required.push(name);
    return modules[name];
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- a module, as Node runs it
  new Function('require', 'exports', deferred(code, /import_\w+|\w+_\d+/))(load, exports);
  return { required, exports };
}

describe('deferred imports', () => {
  it('are required once, when what they export is first used', () => {
    const { required, exports } = run(
      'var import_sum = require("./sum.js");\nexports.sum = (a, b) => (0, import_sum.add)(a, b);',
      { './sum.js': { add: (a: number, b: number) => a + b } },
    );
    expect(required).toEqual([]);
    const sum = exports['sum'] as (a: number, b: number) => number;
    expect([sum(1, 2), sum(3, 4)]).toEqual([3, 7]);
    expect(required).toEqual(['./sum.js']);
  });

  it('hold in `new`, in a spread and in a template', () => {
    const { exports } = run(
      [
        'const parts_1 = require("./parts.js");',
        'exports.all = () => [new parts_1.Box(7).value, ...parts_1.list, `${parts_1.list.length}`];',
      ].join('\n'),
      {
        './parts.js': {
          Box: class {
            constructor(readonly value: number) {}
          },
          list: [1, 2],
        },
      },
    );
    expect((exports['all'] as () => unknown)()).toEqual([7, 1, 2, '2']);
  });

  it('are not deferred where the module itself is used as a value', () => {
    const { required, exports } = run('var import_all = require("./all.js");\nexports.all = import_all;', {
      './all.js': { a: 1 },
    });
    expect(required).toEqual(['./all.js']);
    expect(exports['all']).toEqual({ a: 1 });
  });

  it('hand on what is exported again when that is first used', () => {
    const { required, exports } = run('exports.Flags = __importStar(require("./flags"));'.replace('__importStar', ''), {
      './flags': { boolean: true },
    });
    expect(required).toEqual([]);
    expect(exports['Flags']).toEqual({ boolean: true });
    expect(required).toEqual(['./flags']);
  });
});
