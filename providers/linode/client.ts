import { z } from 'zod';

import { exitCodes } from '../../src/errors/index.js';
import { ApiClient, type ApiOptions } from '../../src/http/api/client.js';
import type { Advice, ApiDialect } from '../../src/http/api/dialect.js';
import { codeOfKind } from './codes.js';

const makeToken =
  'Make one with read and write access to Linodes, NodeBalancers, Firewalls, VPCs, Volumes, Kubernetes and Account (Cloud Manager, API Tokens) and set LINODE_TOKEN to it.';

/** Exit code and advice by the kind of answer. */
const advice: Readonly<Record<string, Advice>> = {
  token_rejected: { code: 'TOKEN_REJECTED', exitCode: exitCodes.usage, hint: makeToken },
  out_of_scope: { code: 'TOKEN_READ_ONLY', exitCode: exitCodes.usage, hint: makeToken },
  account_limit: {
    code: 'RESOURCE_LIMIT',
    exitCode: exitCodes.incomplete,
    hint: 'Ask Linode for a higher limit (Cloud Manager, Support), then run the same command again; or ask for fewer machines.',
  },
  maintenance: {
    code: 'LINODE_MAINTENANCE',
    exitCode: exitCodes.incomplete,
    hint: 'Linode maintains its API: see https://status.linode.com, and run the same command again when that is over.',
  },
  not_yet: {
    code: 'LINODE_NOT_YET',
    exitCode: exitCodes.incomplete,
    hint: 'Linode is still making it. Wait a minute, then run the same command again.',
  },
};

const errorBody = z.object({
  errors: z.array(z.object({ reason: z.string(), field: z.string().nullish() })).min(1),
});

/** The API has no codes: what is meant is told by the status, the field and the sentence. First fit wins. */
const kinds: readonly (readonly [kind: string, status: RegExp, sentence: RegExp])[] = [
  ['out_of_scope', /^40[13]$/, /not authorized|unauthorized|insufficient/i],
  ['token_rejected', /^401$/, /./],
  ['not_found', /^404$/, /./],
  ['rate_limited', /^429$/, /./],
  ['not_yet', /^503$/, /not yet available/i],
  ['busy', /^400$/, /Linode busy/i],
  ['busy', /^408$/, /./],
  ['placement', /^400$/, /placement group/i],
  ['label_taken', /^400$/, /must be unique|already exists/i],
  ['in_use', /^400$/, /resources assigned|has Linodes assigned|must be detached/i],
  ['account_limit', /^400$/, /limit reached|additional resources/i],
  ['sold_out', /^400$/, /currently unavailable|sold out|not available in|capacity/i],
  ['server_error', /^5/, /./],
];

/** What is Linode's own about its API. */
export const dialect: ApiDialect = {
  title: 'Linode',
  statusPage: 'https://status.linode.com',
  unexpectedHint:
    'If LINODE_URL is set, check that it names a Linode API. Otherwise please report this with the lines above.',
  tokenMissing: { message: 'No Linode API token is set.', hint: makeToken },
  correlationHeader: 'x-customer-uuid',
  // User data holds the host's first key.
  hiddenFields: ['user_data', 'root_pass', 'ssh_key', 'kubeconfig'],
  // Windows of a minute at most: what is too much is told by a 429 with the seconds to wait.
  budget: () => undefined,
  refusal(body, status, headers) {
    const { errors = [] } = errorBody.safeParse(body).data ?? {};
    const text = errors.map(({ reason }) => reason).join('; ');
    const isMaintained = status === 503 && headers.get('x-maintenance-mode') !== null;
    if (errors.length === 0 && !isMaintained) return undefined;
    const kind = kinds.find(([, fits, sentence]) => fits.test(String(status)) && sentence.test(text))?.[0] ?? 'invalid';
    return {
      apiCode: isMaintained ? 'maintenance' : kind,
      message: text === '' ? `status ${status}` : text.replace(/\.$/, ''),
      details: errors.flatMap(({ reason, field }) => (field ? [`${field}: ${reason}`] : [])),
    };
  },
  meanings: {
    not_found: 'not-found',
    label_taken: 'name-taken',
    rate_limited: 'rate-limited',
    maintenance: 'not-now',
    not_yet: 'not-now',
  },
  advice: (kind) => advice[kind],
  ownCode: (kind) => codeOfKind(kind) ?? 'PROVIDER_ANSWER',
  pages: {
    query: (page) => ({ page, page_size: 500 }),
    next: z
      .looseObject({ page: z.number(), pages: z.number() })
      .transform(({ page, pages }) => (page < pages ? page + 1 : undefined)),
  },
};

export const linodeApi = (options: ApiOptions): ApiClient => new ApiClient(dialect, options);
