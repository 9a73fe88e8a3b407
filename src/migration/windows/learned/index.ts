// Windows ranked by what past nights taught.
export { learnStarts, type StartLesson, type StartModel } from './learn-starts';
export { quietest, rankStarts, type NightForecast, type RankRequest } from './rank-starts';
