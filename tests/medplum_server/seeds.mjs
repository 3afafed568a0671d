// The resources of a new server: one project, its client, two users with their memberships.
// The values are public and for tests alone.
export const PROJECT = '10000000-0000-4000-8000-000000000001';
export const CLIENT = '20000000-0000-4000-8000-000000000001';
export const KEY_CLIENT = '20000000-0000-4000-8000-000000000002';
export const CLIENT_SECRET = 'test-client-secret';
export const ADMIN_EMAIL = 'admin@example.com'; // one membership
export const DOCTOR_EMAIL = 'doctor@example.com'; // two memberships, neither an admin's
export const PASSWORD = 'test-password';

export const MEMBERSHIPS = {
  client: '30000000-0000-4000-8000-000000000001',
  admin: '30000000-0000-4000-8000-000000000002',
  doctor: '30000000-0000-4000-8000-000000000003',
  nurse: '30000000-0000-4000-8000-000000000004',
  keyClient: '30000000-0000-4000-8000-000000000005',
};

export const PROFILES = {
  admin: 'Practitioner/40000000-0000-4000-8000-000000000001',
  doctor: 'Practitioner/40000000-0000-4000-8000-000000000002',
  nurse: 'Practitioner/40000000-0000-4000-8000-000000000003',
};

const USERS = {
  admin: 'User/50000000-0000-4000-8000-000000000001',
  doctor: 'User/50000000-0000-4000-8000-000000000002',
};

const resource = (reference, elements) => {
  const [resourceType, id] = reference.split('/');
  return { resourceType, id, ...elements };
};
const person = (reference, given, family) =>
  resource(reference, { name: [{ given: [given], family }] });
const member = (id, user, profile, display, admin) =>
  resource(`ProjectMembership/${id}`, {
    project: { reference: `Project/${PROJECT}` },
    user: { reference: user },
    profile: { reference: profile, display },
    ...(admin ? { admin: true } : {}),
  });

export const SEEDS = [
  resource(`Project/${PROJECT}`, {
    name: 'Test Project',
    strictMode: true,
    owner: { reference: USERS.admin },
    features: ['bots', 'transaction-bundles'],
  }),
  resource(`ClientApplication/${CLIENT}`, {
    name: 'Test Client',
    secret: CLIENT_SECRET,
    redirectUris: ['http://localhost/callback'],
    identityProvider: {
      authorizeUrl: 'https://identity.invalid/authorize',
      tokenUrl: 'https://identity.invalid/token',
      userInfoUrl: 'https://identity.invalid/userinfo',
      clientId: 'external',
      clientSecret: 'external',
    },
  }),
  resource(`ClientApplication/${KEY_CLIENT}`, { name: 'Test Client with Keys' }),
  resource(USERS.admin, { firstName: 'Ada', lastName: 'Admin', email: ADMIN_EMAIL }),
  resource(USERS.doctor, { firstName: 'Dora', lastName: 'Doctor', email: DOCTOR_EMAIL }),
  person(PROFILES.admin, 'Ada', 'Admin'),
  person(PROFILES.doctor, 'Dora', 'Doctor'),
  person(PROFILES.nurse, 'Dora', 'Nurse'),
  member(
    MEMBERSHIPS.client,
    `ClientApplication/${CLIENT}`,
    `ClientApplication/${CLIENT}`,
    'Test Client',
    true,
  ),
  member(
    MEMBERSHIPS.keyClient,
    `ClientApplication/${KEY_CLIENT}`,
    `ClientApplication/${KEY_CLIENT}`,
    'Test Client with Keys',
    true,
  ),
  member(MEMBERSHIPS.admin, USERS.admin, PROFILES.admin, 'Ada Admin', true),
  member(MEMBERSHIPS.doctor, USERS.doctor, PROFILES.doctor, 'Dora Doctor'),
  member(MEMBERSHIPS.nurse, USERS.doctor, PROFILES.nurse, 'Dora Nurse'),
];
