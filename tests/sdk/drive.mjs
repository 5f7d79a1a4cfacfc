// Drives a server with Payload's own client and prints what each call gave, a line of JSON each.
// usage: node drive.mjs BASE_URL MODULE

const [base, module] = process.argv.slice(2)
const { PayloadSDK, PayloadSDKError } = await import(module)

const say = (name, value) => console.log(JSON.stringify([name, value ?? null]))
const refused = async (name, call) => {
  try {
    say(name, { answered: await call() })
  } catch (error) {
    if (!(error instanceof PayloadSDKError)) throw error
    say(name, { status: error.status, message: error.message, errors: error.errors })
  }
}

const anonymous = new PayloadSDK({ baseURL: `${base}/api` })
const credentials = { email: 'ada@example.com', password: 'correct horse battery' }
const login = await anonymous.login({ collection: 'users', data: credentials })
say('login', login)
await refused('login refused', () =>
  anonymous.login({ collection: 'users', data: { ...credentials, password: 'no such password' } }))

const sdk = new PayloadSDK({ baseURL: `${base}/api`, baseInit: { headers: { Authorization: `JWT ${login.token}` } } })
say('me', await sdk.me({ collection: 'users' }))
say('refresh', await sdk.refreshToken({ collection: 'users' }))

const tag = await sdk.create({ collection: 'tags', data: { name: 'news' } })
const posts = []
for (const [rating, title] of ['first post', 'second post', 'a third one'].entries()) {
  const data = { title, rating, tag: tag.id, rows: [{ label: `row of ${title}` }], seo: { title: title.toUpperCase() } }
  posts.push(await sdk.create({ collection: 'posts', data, depth: 0, select: { title: true, tag: true } }))
}
say('created', posts)
await refused('invalid', () => sdk.create({ collection: 'posts', data: { rating: 99 } }))
await refused('anonymous', () => anonymous.create({ collection: 'posts', data: { title: 'x' } }))

say('find', await sdk.find({
  collection: 'posts', where: { and: [{ title: { like: 'post' } }, { rating: { less_than_equal: 1 } }] },
  sort: ['-rating', 'title'], limit: 1, page: 2, depth: 1, select: { title: true, tag: true, seo: { title: true } },
  populate: { tags: { name: true } },
}))
say('found in', await sdk.find({
  collection: 'posts', where: { id: { in: posts.map((post) => post.id) } }, pagination: false, depth: 0, sort: 'id',
}))
say('found none', await sdk.find({ collection: 'posts', where: { id: { in: [] } } }))
say('through', await sdk.find({ collection: 'posts', where: { 'tag.name': { equals: 'news' } }, limit: 0, depth: 0 }))
say('count', await sdk.count({ collection: 'posts', where: { rating: { greater_than: 0 } } }))
say('by id', await sdk.findByID({ collection: 'posts', id: posts[0].id, depth: 2 }))
say('missing', await sdk.findByID({ collection: 'posts', id: 4711, disableErrors: true }))
await refused('missing refused', () => sdk.findByID({ collection: 'posts', id: 4711 }))

say('global at first', await anonymous.findGlobal({ slug: 'header' }))
say('global changed', await sdk.updateGlobal({ slug: 'header', data: { title: 'Hello', tag: tag.id } }))
say('global', await anonymous.findGlobal({ slug: 'header', depth: 1, select: { tag: true } }))
await refused('global refused', () => anonymous.updateGlobal({ slug: 'header', data: { title: 'x' } }))

say('updated', await sdk.update({ collection: 'posts', id: posts[0].id, data: { title: 'changed' }, depth: 0 }))
say('updated many', await sdk.update({
  collection: 'posts', where: { rating: { greater_than: 0 } }, data: { rating: 5 }, depth: 0, select: { rating: true },
}))
say('deleted', await sdk.delete({ collection: 'posts', id: posts[0].id, depth: 0 }))
say('deleted many', await sdk.delete({ collection: 'posts', where: { rating: { equals: 5 } }, depth: 0 }))
say('left', await sdk.count({ collection: 'posts' }))
say('endpoint', await (await sdk.request({ method: 'GET', path: '/posts/loudest', args: {} })).json())
