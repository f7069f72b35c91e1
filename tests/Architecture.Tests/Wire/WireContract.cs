using System.Globalization;
using System.Reflection;
using System.Text;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Architecture.Tests.Wire;

/// <summary>Everything that crosses a grain call, as text: two versions that run side by side in a cluster must agree on it.</summary>
internal sealed class WireContract
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly StringBuilder _text = new();
    private readonly SortedDictionary<string, Type> _types = new(StringComparer.Ordinal);
    private readonly List<string> _complaints = [];

    private WireContract()
    {
    }

    /// <summary>The contract as it is in the code.</summary>
    public string Text => _text.ToString();

    /// <summary>What is wrong with it, whoever agrees.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Reads the grain interfaces of an assembly and all that can be reached from them; exceptions of ours cross too.</summary>
    public static WireContract Of(Assembly interfaces, params Assembly[] exceptions)
    {
        var contract = new WireContract();
        contract._text.AppendLine("# What crosses a grain call. Generated; see CONTRIBUTING.md for how to change it on purpose.");
        foreach (var type in interfaces.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain))).OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            contract.Write(type);
        }

        foreach (var exception in exceptions.Append(interfaces).Distinct().SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsAssignableTo(typeof(Exception)) && IsWire(type)))
        {
            contract.Reach(exception);
        }

        contract.WriteTypes();
        return contract;
    }

    private void Write(Type grain)
    {
        var key = grain.GetInterfaces().Single(part => part.Name.StartsWith("IGrainWith", StringComparison.Ordinal)).Name;
        _text.AppendLine().AppendLine(Line($"interface {grain.Name} \"{AliasOf(grain, grain.Name)}\" : {key}"));
        var aliases = new HashSet<string>();
        foreach (var method in grain.GetMethods().OrderBy(method => method.Name, StringComparer.Ordinal))
        {
            var alias = AliasOf(method, $"{grain.Name}.{method.Name}");
            if (!aliases.Add(alias))
            {
                _complaints.Add($"{grain.Name}: two methods are called \"{alias}\" on the wire.");
            }

            var parameters = method.GetParameters().Select(parameter => $"{Name(parameter.ParameterType)} {parameter.Name}");
            var rules = string.Concat(Rules(method));
            _text.AppendLine(Line($"  {method.Name} \"{alias}\"({string.Join(", ", parameters)}) -> {Name(method.ReturnType)}{rules}"));
            foreach (var type in method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType))
            {
                Reach(type);
            }
        }
    }

    private void WriteTypes()
    {
        var aliases = new Dictionary<string, Type>();
        foreach (var type in _types.Values)
        {
            var alias = type.IsEnum && !IsWire(type) ? FullName(type) : AliasOf(type, FullName(type));
            if (!aliases.TryAdd(alias, type))
            {
                _complaints.Add($"{FullName(type)} and {FullName(aliases[alias])} are both called \"{alias}\" on the wire.");
            }

            var bases = type.BaseType is { } parent && _types.ContainsValue(parent) ? $" : {FullName(parent)}" : "";
            _text.AppendLine().AppendLine(Line($"{Sort(type)} {FullName(type)} \"{alias}\"{bases}"));
            if (type.IsEnum)
            {
                WriteValues(type);
            }
            else
            {
                WriteMembers(type);
            }
        }
    }

    private void WriteValues(Type type)
    {
        foreach (var value in type.GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            _text.AppendLine(Line($"  {Convert.ToInt64(value.GetRawConstantValue(), CultureInfo.InvariantCulture)} {value.Name}"));
        }
    }

    private void WriteMembers(Type type)
    {
        var ids = new Dictionary<uint, string>();
        foreach (var (id, name, member) in Members(type).OrderBy(member => member.Id))
        {
            if (!ids.TryAdd(id, name))
            {
                _complaints.Add($"{FullName(type)}: {ids[id]} and {name} have the same [Id({id})].");
            }

            _text.AppendLine(Line($"  {id} {name}: {Name(member)}"));
        }
    }

    private IEnumerable<(uint Id, string Name, Type Member)> Members(Type type)
    {
        var positions = PrimaryConstructor(type);
        foreach (var field in type.GetFields(Declared))
        {
            var property = field.Name.StartsWith('<') ? type.GetProperty(field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)], Declared) : null;
            var member = (MemberInfo?)property ?? field;
            var position = Array.IndexOf(positions, member.Name);
            if (member.GetCustomAttribute<IdAttribute>() is { } id)
            {
                if (position >= 0 && position != id.Id)
                {
                    _complaints.Add($"{FullName(type)}.{member.Name}: is parameter {position} but [Id({id.Id})]; in a record the two must agree, or somebody will take one for the other.");
                }

                yield return (id.Id, member.Name, field.FieldType);
            }
            else if (position >= 0)
            {
                yield return ((uint)position, member.Name, field.FieldType);
            }
            else
            {
                _complaints.Add($"{FullName(type)}.{member.Name} has no [Id].");
            }

            if (property?.SetMethod is { IsPublic: true } setter && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit))
                || property is null && field is { IsInitOnly: false, IsPublic: true })
            {
                _complaints.Add($"{FullName(type)}.{member.Name} can be set; make it init or read-only.");
            }
        }
    }

    // Notes every type of ours on the way. What Orleans knows itself needs no alias of ours.
    private void Reach(Type type)
    {
        if (type.IsGenericType || type.IsArray)
        {
            foreach (var part in type.IsArray ? [type.GetElementType()!] : type.GetGenericArguments())
            {
                Reach(part);
            }

            return;
        }

        if (type.Assembly.GetName().Name?.StartsWith("Channels.", StringComparison.Ordinal) is not true || _types.ContainsKey(FullName(type)) || type == typeof(CancellationToken))
        {
            return;
        }

        if (!type.IsEnum && !IsWire(type))
        {
            _complaints.Add($"{FullName(type)} crosses a grain call without [GenerateSerializer].");
            return;
        }

        _types.Add(FullName(type), type);
        if (type.IsEnum)
        {
            return;
        }

        if (!type.IsAssignableTo(typeof(Exception)) && !type.IsDefined(typeof(ImmutableAttribute), inherit: false))
        {
            _complaints.Add($"{FullName(type)} has no [Immutable].");
        }

        foreach (var field in type.GetFields(Declared))
        {
            Reach(field.FieldType);
        }

        // The cases of a closed family travel where their base is named.
        foreach (var heir in type.Assembly.GetTypes().Where(heir => heir.BaseType == type))
        {
            Reach(heir);
        }
    }

    private string AliasOf(MemberInfo member, string shown)
    {
        if (member.GetCustomAttributes<AliasAttribute>().FirstOrDefault() is { } alias)
        {
            return alias.Alias;
        }

        _complaints.Add($"{shown} has no [Alias]: renaming it would break a rolling upgrade.");
        return "?";
    }

    private static string[] PrimaryConstructor(Type type) =>
        type.GetMethod("PrintMembers", Declared) is null ? []
        : type.GetConstructors(Declared)
            .Where(made => made.GetParameters() is var parameters && !(parameters.Length == 1 && parameters[0].ParameterType == type))
            .OrderByDescending(made => made.GetParameters().Length)
            .Select(made => made.GetParameters().Select(parameter => parameter.Name!).ToArray())
            .FirstOrDefault([]);

    private static IEnumerable<string> Rules(MethodInfo method)
    {
        if (method.IsDefined(typeof(AlwaysInterleaveAttribute)))
        {
            yield return " interleaves";
        }

        if (method.IsDefined(typeof(ReadOnlyAttribute)))
        {
            yield return " read-only";
        }
    }

    private static bool IsWire(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    private static string Sort(Type type) => type.IsEnum ? "enum" : type.IsValueType ? "struct" : type.IsAssignableTo(typeof(Exception)) ? "exception" : type.IsAbstract ? "family" : "class";

    private static string FullName(Type type) => type.FullName!.Replace('+', '.');

    private static string Name(Type type)
    {
        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        if (!type.IsGenericType)
        {
            return type.Assembly == typeof(object).Assembly ? type.Name : FullName(type);
        }

        var parts = type.GetGenericArguments().Select(Name);
        return Nullable.GetUnderlyingType(type) is { } plain ? $"{Name(plain)}?" : $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", parts)}>";
    }

    private static string Line(FormattableString line) => FormattableString.Invariant(line);
}
