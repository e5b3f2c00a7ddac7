// Users and roles with fastify and jsonapi-serializer: node server.js ADDRESS DATABASE_URL
// The tables are those of ../tables.sql.

import cluster from "node:cluster";
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import fastify from "fastify";
import { documentOfUser, documentOfUsers } from "./documents.js";
import { open } from "./database.js";

const MEDIA_TYPE = "application/vnd.api+json";
const PAGE_SIZE = 20;
const SORTS = new Set(["id", "username", "surname", "created"]);
const CHANGED = new Set(["name", "surname", "full_name", "email", "position", "organization", "time_zone"]);

class Refused extends Error {
  constructor(statusCode, detail) {
    super(detail);
    this.statusCode = statusCode;
  }
}

async function caller(database, request) {
  const [kind, secret] = (request.headers.authorization ?? "").split(" ");
  const hash = createHash("sha256").update(secret ?? "").digest("hex");
  const user = kind === "Bearer" ? await database.caller(hash) : undefined;
  if (!user) throw new Refused(401, "Unknown token");
  return user;
}

function listing(query) {
  const listing = { page: 1, where: {}, sort: "id", descending: false, include: false };
  for (const [name, value] of Object.entries(query)) {
    const filter = name.match(/^filter\[(username|surname|email)\]$/);
    if (filter) listing.where[filter[1]] = value;
    else if (name === "page[number]" && Number(value) >= 1) listing.page = Number(value);
    else if (name === "include" && value === "roles") listing.include = true;
    else if (name === "sort" && SORTS.has(value.replace(/^-/, ""))) {
      listing.sort = value.replace(/^-/, "");
      listing.descending = value.startsWith("-");
    } else throw new Refused(400, `Unknown parameter ${name}`);
  }
  return listing;
}

async function serve(address, url) {
  const database = await open(url);
  const app = fastify({ logger: false });
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));
  app.addHook("onRequest", async (request, reply) => {
    reply.type(MEDIA_TYPE);
    request.caller = await caller(database, request);
  });
  app.setErrorHandler((error, _, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send(JSON.stringify({ errors: [{ status: String(status), detail: error.message }] }));
  });

  app.get("/users/:id", async (request) => {
    const user = await database.user(Number(request.params.id));
    if (!user) throw new Refused(404, "No such user");
    return JSON.stringify(documentOfUser(`http://${request.headers.host}`, user));
  });

  app.get("/users", async (request) => {
    const wanted = listing(request.query);
    const offset = (wanted.page - 1) * PAGE_SIZE;
    const [users, total] = await Promise.all([
      database.users(wanted, PAGE_SIZE, offset),
      database.count(wanted.where),
    ]);
    if (wanted.include) await database.addRoles(users);
    const page = { number: wanted.page, size: PAGE_SIZE, total };
    return JSON.stringify(documentOfUsers(`http://${request.headers.host}`, request.url, users, wanted.include, page));
  });

  app.patch("/users/:id", async (request) => {
    const id = Number(request.params.id);
    const data = request.body?.data;
    if (data?.type !== "users" || Number(data.id) !== id) throw new Refused(409, "Another resource");
    const changes = Object.entries(data.attributes ?? {});
    if (!changes.length || !changes.every(([name]) => CHANGED.has(name))) throw new Refused(422, "Not changeable");
    const now = `${new Date().toISOString().slice(0, 19)}+00:00`;
    changes.push(["modified", now], ["modified_by", request.caller.id]);
    const user = await database.change(id, changes);
    if (!user) throw new Refused(404, "No such user");
    return JSON.stringify(documentOfUser(`http://${request.headers.host}`, user));
  });

  const [host, port] = address.split(":");
  await app.listen({ host, port: Number(port) });
}

const [address, url] = process.argv.slice(2);
if (cluster.isPrimary) {
  for (let core = 0; core < availableParallelism(); core += 1) cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.kill("SIGKILL");
    process.exit();
  });
} else {
  await serve(address, url);
}
