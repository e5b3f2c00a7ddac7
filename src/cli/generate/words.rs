//! What generated things are called.

pub const NAMES: &[&str] = &[
    "Aisha", "Alejandro", "Amina", "Anna", "Arjun", "Béatrice", "Carlos", "Chidi", "Chloé",
    "Daniel", "Dmitri", "Elena", "Emeka", "Fatima", "Freya", "Giulia", "Hana", "Hassan", "Ingrid",
    "Ivan", "Jakub", "Jasmine", "João", "Kofi", "Lars", "Layla", "Lucía", "Maria", "Mateo", "Mei",
    "Mohammed", "Nadia", "Nguyen", "Noor", "Olga", "Omar", "Paolo", "Priya", "Rania", "Sam",
    "Sofia", "Søren", "Tariq", "Thandiwe", "Tomás", "Ursula", "Wei", "Yara", "Yuki", "Zoë",
];

pub const SURNAMES: &[&str] = &[
    "Abebe", "Adeyemi", "Ahmed", "Alvarez", "Andersen", "Bauer", "Bianchi", "Chen", "Costa",
    "Diallo", "Dubois", "Eriksson", "Fernández", "García", "Haddad", "Hansen", "Hernández",
    "Ibrahim", "Ivanova", "Jansen", "Kamau", "Keller", "Khan", "Kim", "Kowalski", "Lefèvre", "Li",
    "Lopez", "Mahmoud", "Martin", "Mensah", "Moreau", "Müller", "Mwangi", "Nakamura", "Nguyen",
    "Novák", "O'Brien", "Okafor", "Okonkwo", "Papadopoulos", "Patel", "Petrov", "Rossi", "Sato",
    "Schmidt", "Silva", "Singh", "Smith", "Suzuki", "Tanaka", "Traoré", "Wang", "Yılmaz", "Zhang",
];

pub const PLACES: &[(&str, &str, &str, &str)] = &[
    ("Kenya", "KEN", "KE", "Africa/Nairobi"),
    ("Syria", "SYR", "SY", "Asia/Damascus"),
    ("Colombia", "COL", "CO", "America/Bogota"),
    ("Nepal", "NPL", "NP", "Asia/Kathmandu"),
    ("Mali", "MLI", "ML", "Africa/Bamako"),
    ("Ukraine", "UKR", "UA", "Europe/Kyiv"),
    ("Haiti", "HTI", "HT", "America/Port-au-Prince"),
    ("Jordan", "JOR", "JO", "Asia/Amman"),
];

pub const SECTORS: &[(&str, &str)] = &[
    ("education", "Education"),
    ("health", "Health"),
    ("protection", "Protection"),
    ("wash", "Water, sanitation and hygiene"),
];

pub const AIMS: &[&str] = &[
    "Water", "Children", "Health", "Schools", "Shelter", "Women", "Farmers", "Rights", "Relief",
    "Roads",
];

pub const FORMS: &[&str] = &[
    "Foundation", "Alliance", "Committee", "Council", "Network", "Association", "Initiative",
];

pub const POSITIONS: &[&str] = &[
    "Accountant", "Analyst", "Coordinator", "Data officer", "Doctor", "Driver", "Engineer",
    "Field officer", "Logistician", "Nurse", "Programme manager", "Teacher", "Translator",
];

/// The commonest first: a name and what it permits.
pub const ROLES: &[(&str, &[&str])] = &[
    ("member", &[]),
    ("reporter", &[]),
    ("field officer", &[]),
    ("editor", &["users:read"]),
    ("trainer", &[]),
    ("helpdesk", &["users:read"]),
    ("human resources", &["users:read", "users:write"]),
    ("auditor", &["users:read", "audit:read"]),
    ("partner manager", &["partners:write"]),
    ("directory manager", &["users:read", "users:write", "roles:read", "grants:write"]),
];
