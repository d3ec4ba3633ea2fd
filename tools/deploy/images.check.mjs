// Every image at one exact version, the same everywhere, and ours at the version of the packages.

/** @param images [where, image] of everything that runs, and of what the Dockerfile begins with */
export function checkImages(images, version) {
  const problems = [];
  const tags = new Map();
  for (const [where, image] of images) {
    const colon = image.lastIndexOf(':');
    const name = colon > image.lastIndexOf('/') ? image.slice(0, colon) : image;
    const tag = name === image ? '' : image.slice(colon + 1);
    const repository = name.split('/').at(-1) === 'tongbao' ? 'tongbao' : name;
    if (!/^v?\d+\.\d+(\.\d+)?(-|$)/.test(tag)) problems.push(`${where}: ${image} names no exact version`);
    if (repository === 'tongbao' && tag !== version) problems.push(`${where}: ${image} is not version ${version}`);
    const known = tags.get(repository);
    if (known && known.tag !== tag) problems.push(`${where}: ${image}, but ${known.tag} in ${known.where}`);
    tags.set(repository, known ?? { tag, where });
  }
  return problems;
}

/** @returns [where, image] of each stage that does not begin with another stage */
export function imagesOfDockerfile(text) {
  const stages = [...text.matchAll(/^FROM\s+(\S+)(?:\s+AS\s+(\S+))?/gim)].map(([, image, name]) => ({ image, name }));
  const own = stages.map(({ name }) => name);
  return stages.filter(({ image }) => !own.includes(image)).map(({ image }) => ['Dockerfile', image]);
}

/** What the Dockerfile promises to those who start the image. */
export function checkDockerfile(text, settings) {
  const last = text.slice(text.lastIndexOf('\nFROM'));
  const expected = {
    'a user by number that is not root': /^USER [1-9]\d*:[1-9]\d*$/m.test(last),
    HEALTHCHECK: /^HEALTHCHECK /m.test(last),
    'OCI labels': ['title', 'licenses', 'version', 'revision'].every((each) => last.includes(`org.opencontainers.image.${each}=`)),
    'npm ci without install scripts': [...text.matchAll(/npm ci[^\n]*/g)].every(([line]) => line.includes('--ignore-scripts')),
  };
  const variables = [...last.matchAll(/^(?:ENV\s+|\s+)([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
  const unknown = variables.filter((name) => name !== 'NODE_ENV' && !settings.some(({ env }) => env === name));
  return [
    ...Object.entries(expected).flatMap(([what, isTrue]) => (isTrue ? [] : [`lacks ${what}`])),
    ...unknown.map((name) => `${name} is no setting`),
  ];
}
