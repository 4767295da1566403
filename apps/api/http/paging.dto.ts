// Pages: a cursor and a size, the same for every list.
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

export class PageQuery {
  @ApiPropertyOptional({ description: 'The `next` of the page before; without it the newest come first' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  before?: number;

  @ApiPropertyOptional({ default: 50, maximum: 500 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;
}

/** The cursor of the next page: the last item's key when the page is full, else null. */
export function nextOf<Item>(items: Item[], limit: number, keyOf: (item: Item) => number): number | null {
  const last = items.at(-1);
  return last !== undefined && items.length === limit ? keyOf(last) : null;
}
