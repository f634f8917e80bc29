package org.canbridge.importers.cat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.junit.jupiter.api.Test;

class CatFamilyTest extends FamilyContract {
  @Override
  protected Family family() {
    return new CatFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        new CatConfig(8, 3, 1, List.of(8, 16), List.of(1, 2), 4, 2, 20, new CatCondition.Label(10))
            .arguments(),
        new CatConfig(
                24,
                4,
                2,
                List.of(6, 6, 12),
                List.of(1, 1, 1),
                3,
                3,
                10,
                new CatCondition.Text(7, 6))
            .arguments());
  }

  @Override
  protected List<Fixture> fixtures() {
    return List.of();
  }

  @Test
  void sizesThatCannotBeHalvedAreRefused() {
    assertEquals(
        "img_size 12 cannot be halved 2 times in patches of 2",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new CatConfig(
                        12,
                        4,
                        2,
                        List.of(8, 8, 8),
                        List.of(1, 1, 1),
                        4,
                        2,
                        20,
                        new CatCondition.Label(10)))
            .getMessage());
  }

  @Test
  void stagesThatHeadsDoNotFillAreRefused() {
    assertEquals(
        "width 10 is not a multiple of the head's width 4",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new CatConfig(
                        8, 4, 1, List.of(10), List.of(1), 4, 2, 20, new CatCondition.Label(10)))
            .getMessage());
  }
}
