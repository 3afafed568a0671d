// The documents below .well-known/: where OAuth's endpoints are and what they can do.
import { ALGORITHMS } from './assertions.mjs';

const GRANTS = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:token-exchange',
];
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
const SCOPES = [
  'openid',
  'profile',
  'fhirUser',
  'launch',
  'launch/patient',
  'patient/*.rs',
  'user/*.cruds',
  'system/*.cruds',
  'patient/*.*',
  'user/*.*',
  'system/*.*',
  'offline_access',
  'online_access',
];
const CAPABILITIES = [
  'authorize-post',
  'client-confidential-asymmetric',
  'client-confidential-symmetric',
  'client-public',
  'launch-standalone',
  'permission-offline',
  'permission-user',
  'permission-v1',
  'permission-v2',
  'sso-openid-connect',
];

export function discovery(name, origin) {
  const documents = {
    'jwks.json': () => ({ keys: [] }),
    'openid-configuration': openId,
    'oauth-authorization-server': openId,
    'oauth-protected-resource': () => ({
      resource: `${origin}fhir/R4`,
      authorization_servers: [origin],
    }),
    'smart-configuration': smart,
    'smart-styles.json': () => ({}),
  };
  return Object.hasOwn(documents, name) ? documents[name](origin) : undefined;
}

const endpoints = (origin) => ({
  issuer: origin,
  jwks_uri: `${origin}.well-known/jwks.json`,
  authorization_endpoint: `${origin}oauth2/authorize`,
  token_endpoint: `${origin}oauth2/token`,
  introspection_endpoint: `${origin}oauth2/introspect`,
  registration_endpoint: `${origin}oauth2/register`,
  grant_types_supported: GRANTS,
  token_endpoint_auth_methods_supported: AUTH_METHODS,
  token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
  scopes_supported: SCOPES,
  code_challenge_methods_supported: ['S256'],
});

const openId = (origin) => ({
  ...endpoints(origin),
  userinfo_endpoint: `${origin}oauth2/userinfo`,
  id_token_signing_alg_values_supported: ['RS256'],
  response_types_supported: ['code', 'id_token', 'token id_token'],
  subject_types_supported: ['pairwise', 'public'],
});

const smart = (origin) => ({
  ...endpoints(origin),
  response_types_supported: ['code'],
  revocation_endpoint: `${origin}oauth2/revoke`,
  capabilities: CAPABILITIES,
});
