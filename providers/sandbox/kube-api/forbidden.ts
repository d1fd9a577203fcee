import { isTrue } from './list-options.js';
import { targetOf, type Target } from './request.js';
import type { Resources } from './resources.js';
import { StatusError } from './status.js';

const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** What somebody hears who may do nothing. */
export function forbidden(user: string, method: string, url: URL, resources: Resources): StatusError {
  let target: Target;
  try {
    target = targetOf(url.pathname, resources);
  } catch {
    const verb = verbs[method] ?? 'get';
    return new StatusError(403, 'Forbidden', `forbidden: User "${user}" cannot ${verb} path "${url.pathname}"`, {});
  }
  const { resource, namespace, name, subresource } = target;
  const whole = name === '';
  const verb =
    method === 'GET' && whole
      ? isTrue(url.searchParams.get('watch'))
        ? 'watch'
        : 'list'
      : method === 'DELETE' && whole
        ? 'deletecollection'
        : (verbs[method] ?? 'get');
  const what = subresource === '' ? resource.plural : `${resource.plural}/${subresource}`;
  // A namespace is looked at as something in itself.
  const inside = resource.kind === 'Namespace' ? name : namespace;
  const where = inside === '' ? 'at the cluster scope' : `in the namespace "${inside}"`;
  const subject = `${resource.plural}${resource.group === '' ? '' : `.${resource.group}`}${whole ? '' : ` "${name}"`}`;
  return new StatusError(
    403,
    'Forbidden',
    `${subject} is forbidden: User "${user}" cannot ${verb} resource "${what}" in API group "${resource.group}" ${where}`,
    {
      ...(whole ? {} : { name }),
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
    },
  );
}
