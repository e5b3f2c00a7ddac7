import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('../', import.meta.url));

/** The version of a package from npm that is installed in a folder. */
export function npmVersion(name, folder = HERE) {
  const file = `${folder}node_modules/${name}/package.json`;
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
