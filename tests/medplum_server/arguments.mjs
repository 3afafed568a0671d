// The arguments of an operation, from the query or from a Parameters body.

/** Every value of an argument, in order. */
export function all(req, name) {
  const body = req.body?.resourceType === 'Parameters' ? (req.body.parameter ?? []) : [];
  const given = body.filter((parameter) => parameter.name === name).map(valueOf);
  const queried = [req.query?.[name] ?? []].flat();
  const plain =
    req.body?.resourceType || req.body?.[name] === undefined ? [] : [req.body[name]].flat();
  return [...queried, ...given, ...plain];
}

export const one = (req, name) => all(req, name)[0];

export const isSet = (req, name) => [true, 'true'].includes(one(req, name));

export function valueOf(parameter) {
  if (parameter.resource || parameter.part) {
    return parameter.resource ?? parameter.part;
  }
  const key = Object.keys(parameter).find((name) => name.startsWith('value'));
  return parameter[key];
}

export function result(values) {
  const parameter = Object.entries(values)
    .filter(([, value]) => Object.values(value).some((item) => item !== undefined))
    .map(([name, value]) => ({ name, ...value }));
  return { resourceType: 'Parameters', parameter };
}
