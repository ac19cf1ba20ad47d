export { type Demo } from './demo.ts';
export { count, duration, size } from './figures.ts';
export { type Progress } from './progress.ts';
export { type Airport, dataSource, type Movie, readAirports, readMovies } from './records.ts';
export { DemoEnd, type Stage } from './stage.ts';
