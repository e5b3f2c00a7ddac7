// What Ember's own build does to its packages, as a plugin of esbuild: it finds the modules of ember-source, and answers
// the questions to the build that @ember-data's files hold (@embroider/macros).

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../node_modules/ember-source/dist/packages/', import.meta.url));

const MACROS = `
export const macroCondition = (answer) => answer;
export const dependencySatisfies = (name) => name.startsWith('@ember-data/');
export const moduleExists = () => false;
export const importSync = undefined; // is a require by now
export const isDevelopingApp = () => false;
export const getOwnConfig = () => ({});
const none = new Proxy({}, { get: () => false });
// As in an app that has resolved no deprecation: what is deprecated works.
const all = new Proxy({}, { get: () => true });
const env = { DEBUG: false, TESTING: false, PRODUCTION: true };
const WarpDrive = { env, deprecations: all, features: none, debug: none, activeLogging: none, polyfillUUID: false };
export const getGlobalConfig = () => ({ WarpDrive });
`;

export const ember = {
  name: 'ember',
  setup(build) {
    build.onResolve({ filter: /^@embroider\/macros$/ }, () => ({ path: 'macros', namespace: 'ember' }));
    build.onLoad({ filter: /.*/, namespace: 'ember' }, () => ({ contents: MACROS }));
    build.onResolve({ filter: /^@(ember|glimmer)\// }, ({ path }) => {
      const files = [`${PACKAGES}${path}.js`, `${PACKAGES}${path}/index.js`];
      const file = files.find((name) => existsSync(name));
      // What only tests of Ember ask for is not there.
      return file ? { path: file } : { path, external: true };
    });
    build.onLoad({ filter: /@(ember-data|warp-drive)\/.*\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(/\bimportSync\((?=['"])/g, 'require('),
    }));
  },
};
