// The same questions to SQLite (better-sqlite3) and PostgreSQL (pg), with statements that stay prepared.

const CALLER = "SELECT u.id FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = ? AND u.is_active";
const USER = "SELECT * FROM users WHERE id = ?";
const CONNECTIONS = 4;

export async function open(url) {
  return new Database(url.startsWith("sqlite://") ? await sqlite(url) : await postgres(url));
}

async function sqlite(url) {
  const { default: Sqlite } = await import("better-sqlite3");
  const file = new Sqlite(url.slice("sqlite://".length));
  file.pragma("journal_mode = WAL");
  file.pragma("synchronous = FULL");
  file.pragma("busy_timeout = 20000");
  file.pragma("cache_size = -65536");
  file.pragma("mmap_size = 1073741824");
  const kept = new Map();
  return async (sql, values) => {
    if (!kept.has(sql)) kept.set(sql, file.prepare(sql));
    return kept.get(sql).all(...values);
  };
}

async function postgres(url) {
  const { default: pg } = await import("pg");
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, options: "-c search_path=peers" });
  const names = new Map();
  return async (sql, values) => {
    if (!names.has(sql)) {
      let place = 0;
      const text = sql.replaceAll("?", () => `$${(place += 1)}`);
      names.set(sql, { name: `s${names.size}`, text });
    }
    const { rows } = await pool.query({ ...names.get(sql), values });
    return rows;
  };
}

const conditions = (where) => {
  const tests = Object.keys(where).map((column) => `${column} = ?`);
  return tests.length ? `WHERE ${tests.join(" AND ")}` : "";
};

class Database {
  constructor(all) {
    this.all = all;
  }

  async caller(hash) {
    return (await this.all(CALLER, [hash]))[0];
  }

  async user(id) {
    return (await this.all(USER, [id]))[0];
  }

  users({ where, sort, descending }, limit, offset) {
    const order = descending ? `${sort} DESC, id DESC` : `${sort}, id`;
    const sql = `SELECT * FROM users ${conditions(where)} ORDER BY ${order} LIMIT ? OFFSET ?`;
    return this.all(sql, [...Object.values(where), limit, offset]);
  }

  async count(where) {
    const rows = await this.all(`SELECT count(*) AS total FROM users ${conditions(where)}`, Object.values(where));
    return rows[0].total;
  }

  // One query for the roles of a whole page.
  async addRoles(users) {
    const marks = users.map(() => "?").join(", ");
    const sql = `SELECT ur.user_id, r.* FROM user_roles ur JOIN roles r ON r.id = ur.role_id
      WHERE ur.user_id IN (${marks}) ORDER BY ur.user_id, r.id`;
    const held = users.length ? await this.all(sql, users.map((user) => user.id)) : [];
    for (const user of users) {
      user.roles = held.filter((role) => role.user_id === user.id).map(({ user_id: _, ...role }) => role);
    }
  }

  async change(id, changes) {
    const sets = changes.map(([column]) => `${column} = ?`).join(", ");
    const values = changes.map(([, value]) => value);
    return (await this.all(`UPDATE users SET ${sets} WHERE id = ? RETURNING *`, [...values, id]))[0];
  }
}
