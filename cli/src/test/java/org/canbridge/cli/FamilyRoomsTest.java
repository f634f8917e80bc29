package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.cli.planted.outside.OutsideOfTheRoom;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Family;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.model.CallPlans;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Families are rooms: nothing but the list of a module knows one. */
final class FamilyRoomsTest {
  /** The list of each module. */
  private static final Set<String> LISTS =
      Set.of(Families.class.getName(), RuntimeFamilies.class.getName(), CallPlans.class.getName());

  /** What a room implements. */
  private static final List<Class<?>> ENTRANCES =
      List.of(Family.class, RuntimeFamily.class, FamilyBundles.class);

  /** Modules that are no dependency of this one; of them the sources are read. */
  private static final List<String> FURTHER_MODULES = List.of("benchmarks", "experiments");

  private static JavaClasses classes;
  private static Set<String> rooms;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/test/"))
            .importPackages("org.canbridge");
    rooms =
        classes.stream()
            .filter(c -> ENTRANCES.stream().noneMatch(c::isEquivalentTo))
            .filter(c -> ENTRANCES.stream().anyMatch(c::isAssignableTo))
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Classes outside of the rooms and lists, with what they know of the rooms. */
  private static Set<String> intruders(JavaClasses among) {
    return among.stream()
        .filter(c -> !rooms.contains(c.getPackageName()))
        .filter(c -> LISTS.stream().noneMatch(list -> c.getName().startsWith(list)))
        .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
        .filter(d -> rooms.contains(d.getTargetClass().getPackageName()))
        .map(d -> d.getOriginClass().getName() + " knows " + d.getTargetClass().getName())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyFamilyHasItsRooms() {
    for (Family family : Families.all()) {
      String room = family.getClass().getPackageName();
      assertTrue(rooms.contains(room), room);
      String name = room.substring(room.lastIndexOf('.') + 1);
      assertTrue(rooms.contains("org.canbridge.runtime.family." + name), name);
    }
  }

  @Test
  void nothingButTheListsKnowsAFamily() {
    assertEquals(Set.of(), intruders(classes));
  }

  @Test
  void anIntruderIsFound() {
    assertEquals(
        Set.of(OutsideOfTheRoom.class.getName() + " knows " + DitConfig.class.getName()),
        intruders(new ClassFileImporter().importClasses(OutsideOfTheRoom.class)));
  }

  @Test
  void modulesBesideTheProductKnowNoFamily() throws IOException {
    Set<String> found = new TreeSet<>();
    for (String module : FURTHER_MODULES) {
      Path sources = Fixtures.root().resolve("../../" + module + "/src/main/java").normalize();
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          for (String line : Files.readAllLines(file)) {
            if (rooms.stream().anyMatch(room -> line.startsWith("import " + room + "."))) {
              found.add(file.getFileName() + ": " + line);
            }
          }
        }
      }
    }
    assertEquals(Set.of(), found);
  }
}
