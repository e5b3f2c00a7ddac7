// Resolves as a bundler does, for packages that publish modules which Node alone does not load: file names without
// their ending, and ES modules that are not declared as such.

import { register } from 'node:module';

const hooks = `
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (problem) {
    if (problem.code !== 'ERR_MODULE_NOT_FOUND') throw problem;
    return next(specifier + '.js', context);
  }
}
export async function load(url, context, next) {
  return next(url, /\\/node_modules\\/(jsonapi-vuex\\/src|@reststate\\/client)\\//.test(url) ? { ...context, format: 'module' } : context);
}`;

register('data:text/javascript,' + encodeURIComponent(hooks));
